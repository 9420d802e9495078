# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import settings
from hypothesis import given
from hypothesis import strategies as st

FACTS = {
    "index": 0,
    "uuid": "GPU-aaaa",
    "pci_bus_id": "0000:17:00.0",
    "name": "NVIDIA A100-SXM4-40GB",
    "persistence_mode": False,
    "compute_mode": "default",
    "ecc": {"current": True, "pending": True},
    "mig": {"current": False},
    "power_w": {"limit": 400.0, "default_limit": 400.0, "min_limit": 100.0, "max_limit": 400.0},
    "clocks_mhz": {"min_graphics": 210, "max_graphics": 1410, "min_memory": 1215, "max_memory": 1215},
}


def card(**changes):
    facts = copy.deepcopy(FACTS)
    facts.update(changes)
    return facts


def state(locked=None, **changes):
    return settings.from_facts(card(**changes), locked)


def plan(options, *states):
    return settings.plan([{"gpus": "all", **options}], states or [state()])


def planned(options, *states):
    return [(change.key, change.previous, change.value) for change in plan(options, *states)]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"persistence_mode": True}, [("persistence_mode", False, True)]),
        ({"ecc": False}, [("ecc", True, False)]),
        ({"compute_mode": "exclusive_process"}, [("compute_mode", "default", "exclusive_process")]),
        ({"power_limit": "250.5"}, [("power_limit", 400000, 250500)]),
        ({"power_limit": "default"}, []),
        ({"gpu_clocks": {"min": 1110, "max": 1410}}, [("gpu_clocks", None, (1110, 1410))]),
        ({"memory_clocks": {"locked": True, "min": 1215, "max": 1215}}, [("memory_clocks", None, (1215, 1215))]),
        ({"gpu_clocks": {"locked": False}}, []),
    ],
)
def test_plan_changes_what_differs_and_nothing_else(options, expected):
    assert planned(options) == expected


def test_locked_clocks_are_unlocked_only_when_asked():
    locked = state({"gpu_clocks": (1110, 1410)})
    assert planned({"gpu_clocks": {"min": 1110, "max": 1410}}, locked) == []
    assert planned({"gpu_clocks": {"locked": False}}, locked) == [("gpu_clocks", (1110, 1410), None)]


def test_changes_come_in_the_order_in_which_they_hold():
    everything = {
        "gpu_clocks": {"min": 210, "max": 1410},
        "memory_clocks": {"min": 1215, "max": 1215},
        "power_limit": "300",
        "compute_mode": "prohibited",
        "ecc": False,
        "persistence_mode": True,
    }
    assert tuple(change.key for change in plan(everything)) == settings.KEYS


@pytest.mark.parametrize("limit", ["99.9", "401", "-5", "1e9", "inf", "nan", "much", ""])
def test_power_limit_out_of_range_names_the_range(limit):
    with pytest.raises(EdgesiteError) as caught:
        plan({"power_limit": limit})
    assert caught.value.fix == "Set a number of watts from 100 to 400, or 'default'"
    assert "neither a number" in caught.value.problem or "GPU-aaaa" in caught.value.problem


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"gpu_clocks": {"min": 200, "max": 1410}}, "accepts 210-1410 MHz"),
        ({"gpu_clocks": {"min": 1400, "max": 300}}, "not above max"),
        ({"gpu_clocks": {"min": 300}}, "lacks min or max"),
        ({"gpu_clocks": {"locked": False, "min": 300}}, "both 'locked: false' and a clock"),
        ({"memory_clocks": {"min": 1, "max": 2}}, "accepts 1215-1215 MHz"),
        ({"compute_mode": "shared"}, "default, exclusive_process, prohibited"),
    ],
)
def test_value_that_the_card_cannot_take_is_refused(options, says):
    with pytest.raises(EdgesiteError, match=says):
        plan(options)


def test_exclusive_process_is_refused_while_mig_is_on():
    with pytest.raises(EdgesiteError, match="while MIG is on"):
        plan({"compute_mode": "exclusive_process"}, state(mig={"current": True}))


@pytest.mark.parametrize(
    ("options", "lacking"),
    [
        ({"ecc": True}, {"ecc": None}),
        ({"persistence_mode": True}, {"persistence_mode": None}),
        ({"power_limit": "300"}, {"power_w": dict.fromkeys(FACTS["power_w"])}),
        ({"gpu_clocks": {"min": 1, "max": 2}}, {"clocks_mhz": dict.fromkeys(FACTS["clocks_mhz"])}),
    ],
)
def test_setting_that_the_card_does_not_have_is_refused(options, lacking):
    with pytest.raises(EdgesiteError, match="does not support it"):
        plan(options, state(**lacking))


def test_power_limit_without_a_range_is_called_fixed():
    with pytest.raises(EdgesiteError, match="fixed"):
        plan({"power_limit": "300"}, state(power_w={**FACTS["power_w"], "min_limit": None}))


def test_default_limit_of_a_card_that_does_not_tell_it_is_refused():
    with pytest.raises(EdgesiteError, match="does not report its default"):
        plan({"power_limit": "default"}, state(power_w={**FACTS["power_w"], "default_limit": None}))


def test_all_problems_are_told_at_once():
    with pytest.raises(EdgesiteError) as caught:
        plan({"power_limit": "5", "compute_mode": "x", "gpu_clocks": {"min": 1, "max": 2}})
    assert str(caught.value).startswith("3 problems, nothing was changed: (1) ")
    assert "(3) settings[0].gpu_clocks" in str(caught.value)


def test_selector_problem_is_the_only_one_told():
    problems, wanted = settings.judge([{"gpus": [{"index": 9}], "power_limit": "5"}], [state()])
    assert len(problems) == 1 and wanted == []


def test_ecc_waits_for_a_reboot_until_it_is_current():
    wanted = [{"gpus": "all", "ecc": False}]
    changed = settings.after([state()], settings.plan(wanted, [state()]))
    assert [gpu.uuid for gpu in settings.pending_ecc(wanted, changed)] == ["GPU-aaaa"]
    assert settings.plan(wanted, changed) == []
    assert settings.pending_ecc(wanted, [state(ecc={"current": False, "pending": False})]) == []
    assert settings.pending_ecc([{"gpus": "all", "persistence_mode": True}], changed) == []


def test_values_are_shown_with_their_units():
    assert settings.show("power_limit", 250500) == "250.5 W"
    assert settings.show("gpu_clocks", None) == "unlocked"
    assert settings.show("memory_clocks", (1, 2)) == "1-2 MHz"
    assert settings.show("ecc", True) is True


clocks = st.one_of(
    st.just({"locked": False}),
    st.tuples(st.integers(210, 1410), st.integers(210, 1410)).map(lambda pair: {"min": min(pair), "max": max(pair)}),
)
options = st.fixed_dictionaries(
    {},
    optional={
        "persistence_mode": st.booleans(),
        "ecc": st.booleans(),
        "compute_mode": st.sampled_from(["default", "prohibited", "exclusive_process"]),
        "power_limit": st.one_of(st.just("default"), st.integers(100, 400).map(str)),
        "gpu_clocks": clocks,
    },
)


@given(options, options)
def test_plan_reaches_what_is_wanted_from_anywhere_and_then_rests(first, second):
    start = settings.after([state()], plan(first))
    changes = settings.plan([{"gpus": "all", **second}], start)
    reached = settings.after(start, changes)
    assert settings.plan([{"gpus": "all", **second}], reached) == []
    untouched = set(settings.KEYS) - set(second)
    assert all(reached[0].values[key] == start[0].values[key] for key in untouched)
    assert all(change.value != change.previous for change in changes)
    undone = settings.after(reached, [change._replace(value=change.previous) for change in changes])
    assert undone == start


anything = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.just("default"))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "power_limit": anything,
            "compute_mode": anything,
            "gpu_clocks": st.fixed_dictionaries({}, optional={"min": st.integers(), "max": st.integers()}),
        },
    )
)
def test_any_value_gives_a_plan_within_the_card_or_an_error_for_users(given_options):
    try:
        changes = plan(given_options)
    except EdgesiteError:
        return
    for change in changes:
        if change.key == "power_limit":
            assert 100000 <= change.value <= 400000
        if change.key == "gpu_clocks":
            assert 210 <= change.value[0] <= change.value[1] <= 1410


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"gpus": "some"}, "gpu_settings[1].gpus is 'some'"),
        ({"gpus": [{"modell": "T4"}]}, "gpu_settings[1].gpus[0] has modell"),
        ({"gpus": "all", "power_limit": "-1"}, "gpu_settings[1].power_limit is '-1', neither"),
        ({"gpus": "all", "power_limit": "nan"}, "gpu_settings[1].power_limit is 'nan', neither"),
        ({"gpus": "all", "compute_mode": "shared"}, "gpu_settings[1].compute_mode is 'shared'"),
        ({"gpus": "all", "gpu_clocks": {"min": 900, "max": 800}}, "gpu_settings[1].gpu_clocks is 900-800 MHz"),
        ({"gpus": "all", "memory_clocks": {"min": 900}}, "gpu_settings[1].memory_clocks lacks min or max"),
        ({"gpus": "all", "gpu_clocks": {"locked": False, "max": 900}}, "gpu_settings[1].gpu_clocks has both"),
    ],
)
def test_what_no_card_can_have_is_found_without_one(entry, says):
    (problem,) = settings.check([{"gpus": "all", "ecc": None}, entry], "gpu_settings")
    assert says in problem.problem and problem.fix


def test_everything_that_no_card_can_have_is_told():
    wrong = {"gpus": [{"modell": "T4"}], "power_limit": "much", "compute_mode": "shared", "gpu_clocks": {"min": 900}}
    told = [
        problem.problem for problem in settings.check([wrong, {"gpus": "some", "power_limit": "-1"}], "gpu_settings")
    ]
    assert [problem.split()[0] for problem in told] == [
        "gpu_settings[0].gpus[0]",
        "gpu_settings[0].compute_mode",
        "gpu_settings[0].power_limit",
        "gpu_settings[0].gpu_clocks",
        "gpu_settings[1].gpus",
        "gpu_settings[1].power_limit",
    ]


def test_entries_that_contradict_each_other_on_any_host_are_found_without_a_card():
    entries = [
        {"gpus": "all", "power_limit": "200", "ecc": True, "compute_mode": "shared"},
        {"gpus": [{"model": "T4"}], "power_limit": "60"},
        {"gpus": [{"index": 0}], "power_limit": "250", "ecc": True, "compute_mode": "default"},
        {"gpus": "some", "power_limit": "300"},
        {"gpus": "all", "power_limit": "300"},
    ]
    told = [problem.problem for problem in settings.check(entries, "gpu_settings")]
    assert told == [
        "gpu_settings[0].compute_mode is 'shared', but has to be one of default, exclusive_process, prohibited",
        "gpu_settings[3].gpus is 'some', neither 'all' nor a list of selectors",
        "gpu_settings[2].power_limit is '250', but gpu_settings[0].power_limit is '200' for the same GPUs",
        "gpu_settings[4].power_limit is '300', but gpu_settings[0].power_limit is '200' for the same GPUs",
    ]
