# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that no option takes."""

from __future__ import annotations

import math

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common import writable
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError


@pytest.mark.parametrize(
    ("value", "flaw"),
    [
        ("a\0b", "a NUL"),
        ("\ud800", "half a character"),
        ("\udcff", "half a character"),
        (math.inf, "not finite"),
        (math.nan, "not finite"),
        ([1 << 20000], "too large"),
        (-(10**400), "too large"),
        ([{"a": ["b", {"c": "\0"}]}], "a NUL"),
        ({"\ud800": 1}, "half a character"),
        ({1 << 20000: 1}, "too large"),
        (("a", math.inf), "not finite"),
    ],
)
def test_what_nothing_can_hold_is_refused_wherever_it_is_and_not_shown(value, flaw):
    with pytest.raises(EdgesiteError) as caught:
        writable.check({"good": 1, "passphrase": value})
    assert caught.value.problem.startswith("The option 'passphrase' has ") and flaw in caught.value.problem
    assert "\\" not in str(caught.value) and caught.value.fix


def test_an_option_whose_name_is_none():
    with pytest.raises(EdgesiteError, match=r"The option '\\ud800' has text with half a character"):
        writable.check({"\ud800": 1})
    with pytest.raises(EdgesiteError, match="The option without a name has a number that is too large"):
        writable.check({1 << 20000: 1})


@pytest.mark.parametrize(
    "value", [None, True, -1, 2**63, 10**30, 1e308, "", "a\nb\t\x1b", "ä\U0001f600", [], {}, {1: [None, {"a": 0.5}]}]
)
def test_others_are_judged_by_their_options(value):
    writable.check({"option": value})
