# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors as users see them."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError, Problems, printable
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


def test_texts_of_100_kb_are_shortened():
    error = EdgesiteError("The folder /{0}/x is missing".format("a" * 100_000), "Create /{0}".format("b" * 100_000))
    assert error.problem == "The folder /{0}... is missing".format("a" * 79)
    assert str(error) == error.problem + ". Create /{0}...".format("b" * 79)
    said = EdgesiteError("first " + "word " * 20_000 + "last").problem
    assert len(said) < 17_000 and said.startswith("first word") and said.endswith("word last")
    # but not what people write
    path = "/".join(["/srv", "a" * 255, "b" * 255])
    assert EdgesiteError(path).problem == path


def test_many_problems_are_all_told():
    problems = Problems()
    for number in range(1000):
        with problems:
            raise EdgesiteError("Problem {0} of a site".format(number))
    with pytest.raises(EdgesiteError, match=r"^1000 problems.*Problem 500 of a site.*Problem 999 of a site"):
        problems.end()


def test_problems_are_told_together():
    inner, outer = Problems(), Problems()
    outer.end()
    for name in ("a", "b"):
        with inner:
            raise EdgesiteError(name, "fix", {"holders": [name]})
    with outer:
        raise EdgesiteError("c", "fix", {"holders": ["c"]})
    with pytest.raises(EdgesiteError) as one:
        outer.end()
    assert str(one.value) == "c. fix."
    with outer:
        inner.end()
    with pytest.raises(EdgesiteError) as all_of_them:
        outer.end()
    assert str(all_of_them.value) == "3 problems, nothing was changed: (1) c. fix. (2) a. fix. (3) b. fix."
    assert all_of_them.value.details == {"holders": ["c", "a", "b"]}


def test_only_what_users_can_mend_is_kept_for_later():
    with pytest.raises(ValueError, match="a fault of ours"), Problems():
        raise ValueError("a fault of ours")
