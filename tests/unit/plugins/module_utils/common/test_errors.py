# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors as users see them."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError, printable
from ansible_collections.edgesite.gpu.plugins.module_utils.common.reading import unread
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("plain, ü and \U0001f600", "plain, ü and \U0001f600"),
        ("a\nb", "a\\nb"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\u2028\u202e\xa0\x85", "\\u2028\\u202e\\xa0\\x85"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_a_terminal_does_not_show_as_it_is_is_escaped(text, told):
    assert printable(text) == told
    assert str(EdgesiteError("mode is " + text, "Not " + text)) == "mode is {0}. Not {0}.".format(told)
    entry = unread("tpm", text, text)
    assert (entry["why"], entry["fix"]) == (told, told)


@given(st.text(), st.text())
def test_any_message_is_one_line_that_can_be_written(problem, fix):
    message = str(EdgesiteError(problem, fix))
    assert message.isprintable() and message.encode("utf-8")
