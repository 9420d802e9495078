# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values against the specification of an option, in the user's words."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import forms

SPEC = {
    "type": "list",
    "elements": "dict",
    "options": {
        "gpus": {"type": "raw", "required": True},
        "limit": {"type": "int"},
        "mode": {"type": "str", "choices": ["default", "prohibited"], "default": "default"},
        "clocks": {"type": "dict", "options": {"max": {"type": "int"}}},
    },
}
GOOD = {"gpus": "all"}


def problems(value, spec=None):
    with pytest.raises(forms.Wrong) as wrong:
        forms.checked("gpu_settings", value, spec or SPEC)
    assert all(error.fix for error in wrong.value.problems)
    return [error.problem for error in wrong.value.problems]


def test_a_good_value_has_its_defaults_and_types():
    (entry,) = forms.checked("x", [{"gpus": "all", "limit": "250"}], SPEC)
    assert entry == {"gpus": "all", "limit": 250, "mode": "default", "clocks": None}
    assert forms.checked("x", None, SPEC) is None


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("all", "gpu_settings is 'all', but has to be a list"),
        (GOOD, "gpu_settings is a mapping, but has to be a list"),
        ([GOOD, "all"], "gpu_settings[1] is 'all', but has to be a mapping"),
        ([GOOD, None], "gpu_settings[1] is empty"),
        ([{"limit": 1}], "gpu_settings[0].gpus is not set"),
        ([{**GOOD, "limit": "much"}], "gpu_settings[0].limit is 'much', but has to be a whole number"),
        ([{**GOOD, "limit": True}], "gpu_settings[0].limit is true, but has to be a whole number"),
        ([{**GOOD, "limit": float("inf")}], "gpu_settings[0].limit is inf, but has to be a whole number"),
        ([{**GOOD, "clocks": 1410}], "gpu_settings[0].clocks is 1410, but has to be a mapping"),
        (
            [{**GOOD, "clocks": {"max": []}}],
            "gpu_settings[0].clocks.max is an empty list, but has to be a whole number",
        ),
        ([{**GOOD, "limits": 5}], "gpu_settings[0] has 'limits'; did you mean limit?"),
        (
            [{**GOOD, "mode": "prohibit"}],
            "gpu_settings[0].mode is 'prohibit', but has to be one of default, prohibited; did you mean prohibited?",
        ),
    ],
)
def test_what_is_wrong_names_the_place(value, told):
    assert problems(value) == [told]


def test_everything_that_is_wrong_is_told_at_once():
    assert len(problems([{"limit": "x", "clocks": 5}, "all", {**GOOD, "odd": 1}])) == 5


@pytest.mark.parametrize(
    ("value", "fix"),
    [
        (6.1, "Write it in quotes: without them, 6.10 is the number 6.1"),
        (False, "Write it in quotes: without them, YAML reads a word such as no or on as false or true"),
        ({}, "Write one text in its place"),
    ],
)
def test_what_is_no_text(value, fix):
    with pytest.raises(forms.Wrong) as wrong:
        forms.checked("jetpack_version", value, {"type": "str"})
    (error,) = wrong.value.problems
    assert error.problem.endswith("but has to be text") and error.fix == fix


@pytest.mark.parametrize("value", [False, True, 0.5, []])
def test_what_is_no_text_where_there_are_choices(value):
    (problem,) = problems(value, {"type": "str", "choices": ["never", "if_idle"]})
    assert problem.endswith("but has to be one of never, if_idle")


@pytest.mark.parametrize(
    ("value", "spec", "found"),
    [
        ("nvtop,dkms", {"elements": "str"}, ["nvtop", "dkms"]),
        ("/a", {"elements": "path"}, ["/a"]),
        ("0,7", {"elements": "int"}, [0, 7]),
        (7, {"elements": "int"}, [7]),
    ],
)
def test_a_list_as_modules_take_it_too(value, spec, found):
    assert forms.checked("storage_pcrs", value, {"type": "list", **spec}) == found


@pytest.mark.parametrize(
    ("value", "spec", "given"),
    [
        ('["a", "b"]', {"type": "list", "elements": "str"}, "'{\"mig_layouts\": [...]}'"),
        ("[{'gpus': 'all'}]", {"type": "list", "elements": "dict"}, "'{\"mig_layouts\": [...]}'"),
        ('{"a": 1}', {"type": "dict"}, "'{\"mig_layouts\": {...}}'"),
        ("a,b", {"type": "list", "elements": "dict"}, "Write each entry on a line of its own"),
        ("a,b", {"type": "list", "elements": "str", "split": False}, "Write each entry on a line of its own"),
        (True, {"type": "list", "elements": "str"}, "Write each entry on a line of its own"),
    ],
)
def test_text_that_is_no_list(value, spec, given):
    with pytest.raises(forms.Wrong) as wrong:
        forms.checked("mig_layouts", value, spec)
    (error,) = wrong.value.problems
    assert "but has to be a" in error.problem and given in error.fix


def test_whole_numbers_are_taken_for_text():
    assert forms.checked("driver_branch", 580, {"type": "str"}) == "580"


def test_a_secret_is_not_shown():
    assert "hunter2" not in str(problems(["hunter2"], {"type": "str", "no_log": True}))
    assert "hunter2" not in str(problems([["hunter2"]], {"type": "list", "elements": "str", "no_log": True}))
