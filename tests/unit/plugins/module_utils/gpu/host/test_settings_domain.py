# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that are taken out of the inventory, on a host in memory: what was before is there again."""

from __future__ import annotations

import contextlib
import copy

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import changed
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.nvml_errors import PYNVML_MISSING
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.fake_host import (
    AFTER,
    BEFORE,
    FAIL,
    HALF,
    ONWARD,
    Killed,
)
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.gpu.host.settings_host import (
    UNKNOWN_ERROR,
    UUIDS,
    SettingsHost,
)
from hypothesis import given
from hypothesis import strategies as st

FIRST, SECOND = UUIDS
ALL = [
    {
        "gpus": "all",
        "persistence_mode": True,
        "ecc": False,
        "compute_mode": "exclusive_process",
        "power_limit": "300",
        "gpu_clocks": {"min": 1110, "max": 1410},
    }
]


@pytest.fixture
def host(monkeypatch):
    return SettingsHost().patch(monkeypatch)


def one(**options):
    """Settings of the first card."""
    return [{"gpus": [{"uuid": FIRST}], **options}]


def does(result):
    assert not result.get("failed"), result
    return [action["does"] for action in result["actions"]]


def test_all_that_was_set_is_set_back(host):
    before = host.values()
    host.converge(ALL)
    assert host.values() != before and host.enabled
    told = host.converge([], check=True)
    gone = host.converge([])
    assert does(told) == does(gone) and told["after"] == gone["after"] and told["before"] == gone["before"]
    assert host.values() == before and not host.enabled and host.noted() == {}
    assert gone["left_behind"] == []
    assert host.files[changed.SETTINGS] is None
    assert does(host.converge([])) == []


def test_persistence_mode_is_set_first_and_set_back_last(host):
    host.converge(one(persistence_mode=True, power_limit="300"))
    assert [line.split()[:3] for line in does(host.converge([]))[:2]] == [
        ["set", "back", "power_limit"],
        ["set", "back", "persistence_mode"],
    ]


def test_one_setting_and_one_card_can_be_taken_out(host):
    host.converge([{"gpus": "all", "power_limit": "300", "compute_mode": "prohibited"}])
    gone = host.converge(one(power_limit="300"))
    assert [(action["uuid"], action["setting"]) for action in gone["actions"] if "uuid" in action] == [
        (FIRST, "compute_mode"),
        (SECOND, "power_limit"),
        (SECOND, "compute_mode"),
    ]
    assert host.values()[FIRST]["power_limit"] == 300000
    assert host.values()[SECOND]["power_limit"] == 400000
    assert "0000:17" not in str(host.noted()) and set(host.noted()) == {FIRST}
    assert does(host.converge(one(power_limit="300"))) == []


def test_what_was_as_wanted_before_is_not_set_back(host):
    host.converge(one(power_limit="400", compute_mode="default"))
    assert changed.SETTINGS not in host.files
    host.set(FIRST, "power_limit", 350000)
    assert not [action for action in host.converge([])["actions"] if "uuid" in action]
    assert host.values()[FIRST]["power_limit"] == 350000


def test_the_value_before_the_first_of_several_counts(host):
    host.set(FIRST, "power_limit", 350000)
    for watts in ("300", "250", "200"):
        host.converge(one(power_limit=watts))
    host.reboot()
    host.converge(one(power_limit="220"))
    host.converge([])
    assert host.values()[FIRST]["power_limit"] == 350000


def test_what_is_wanted_as_it_was_is_no_longer_noted(host):
    host.converge(one(power_limit="300"))
    host.converge(one(power_limit="400"))
    assert host.noted() == {}


def test_what_somebody_else_has_changed_since_is_left_alone_and_forgotten(host):
    host.converge(one(power_limit="300"))
    host.set(FIRST, "power_limit", 250000)
    gone = host.converge([])
    assert does(gone)[0].startswith("forget the earlier power_limit of GPU 0") and gone["left_behind"] == []
    assert host.values()[FIRST]["power_limit"] == 250000 and host.noted() == {}
    host.set(FIRST, "power_limit", 300000)
    assert does(host.converge([])) == []


def test_settings_that_the_boot_unit_makes_again_are_set_back(host):
    before = host.values()
    host.converge(ALL)
    host.reboot()
    host.reboot()
    host.converge([])
    assert {**host.values()[FIRST], "ecc": True} == before[FIRST]


def test_a_card_that_the_boot_unit_finds_new_is_noted_too(host):
    new = host.cards.pop(SECOND)
    host.converge([{"gpus": "all", "power_limit": "300"}])
    host.cards[SECOND] = new
    host.reboot()
    assert host.values()[SECOND]["power_limit"] == 300000
    host.converge([])
    assert host.values()[SECOND]["power_limit"] == 400000


def test_the_boot_unit_sets_nothing_back(host):
    host.converge([{"gpus": "all", "persistence_mode": True}, *one(power_limit="300")])
    host.reboot()
    assert host.values()[FIRST]["power_limit"] == 300000 and host.values()[FIRST]["persistence_mode"]


def test_what_a_reboot_has_reset_is_forgotten(host):
    host.converge(one(power_limit="300"), persist=False)
    host.reboot()
    assert does(host.converge([]))[0].endswith("which is back")
    assert host.noted() == {}


def test_ecc_that_is_in_effect_is_named_and_not_changed(host):
    host.converge(one(ecc=False))
    host.reboot()
    gone = host.converge([])
    (left,) = gone["left_behind"]
    assert (left["setting"], left["value"], left["before"]) == ("ecc", False, True)
    assert f"nvidia-smi -i {FIRST} -e 1" in left["by_hand"] and not gone["reboot_required"]
    assert does(host.converge([])) == [] and host.converge([])["left_behind"] == [left]
    host.set(FIRST, "ecc", True)
    assert does(host.converge([]))[0].endswith("which is back")


def test_ecc_that_is_still_pending_is_taken_back(host):
    host.converge(one(ecc=False))
    gone = host.converge([])
    assert host.values()[FIRST]["ecc"] and gone["left_behind"] == [] and not gone["reboot_required"]


def test_persistence_mode_stays_while_other_settings_need_it(host):
    host.converge(one(persistence_mode=True, power_limit="300"))
    kept = host.converge(one(power_limit="300"))
    (left,) = kept["left_behind"]
    assert host.values()[FIRST]["persistence_mode"] and left["setting"] == "persistence_mode"
    assert "persistence_mode in gpu_settings" in left["by_hand"]
    assert host.converge([])["left_behind"] == [] and not host.values()[FIRST]["persistence_mode"]


@pytest.mark.parametrize("before", ["exclusive_process", "prohibited"])
def test_a_stricter_compute_mode_waits_until_nothing_uses_the_card(host, before):
    host.set(FIRST, "compute_mode", before)
    host.converge(one(compute_mode="default"))
    host.cards[FIRST]["processes"] = [{"pid": 7}]
    (left,) = host.converge([])["left_behind"]
    assert f"-c {before.upper()}" in left["by_hand"] and host.values()[FIRST]["compute_mode"] == "default"
    host.cards[FIRST]["processes"] = []
    assert host.converge([])["left_behind"] == [] and host.values()[FIRST]["compute_mode"] == before


def test_exclusive_process_is_not_set_back_while_mig_is_on(host):
    host.set(FIRST, "compute_mode", "exclusive_process")
    host.converge(one(compute_mode="default"))
    host.cards[FIRST]["mig"] = {"current": True}
    (left,) = host.converge([])["left_behind"]
    assert "while MIG is on" in left["why"] and host.values()[FIRST]["compute_mode"] == "default"


def test_a_card_that_is_gone_is_kept_quietly_and_set_back_when_it_is_there_again(host):
    host.converge([{"gpus": "all", "power_limit": "300"}])
    gone = host.cards.pop(SECOND)
    assert host.converge([])["left_behind"] == [] and set(host.noted()) == {SECOND}
    host.cards[SECOND] = gone
    host.converge([])
    assert host.values()[SECOND]["power_limit"] == 400000 and host.noted() == {}


def test_a_card_that_cannot_be_read_is_named(host):
    host.converge([{"gpus": "all", "power_limit": "300"}])
    host.lost = {1: EdgesiteError("GPU 1: fallen off the bus", "Reboot")}
    (left,) = host.converge([])["left_behind"]
    assert left["uuid"] == SECOND and left["value"] == "300 W" and left["before"] == "400 W"


def test_without_a_driver_the_boot_unit_goes_and_the_rest_is_named(host):
    host.converge(one(power_limit="300"))
    host.broken = UNKNOWN_ERROR
    gone = host.converge([])
    assert len(gone["actions"]) == 3 and not host.enabled
    assert [left["setting"] for left in gone["left_behind"]] == ["power_limit"]
    assert host.converge(one(power_limit="300"))["failed"]
    host.broken = 0
    host.converge([])
    assert host.values()[FIRST]["power_limit"] == 400000


def test_what_was_set_is_not_left_behind_for_lack_of_pynvml(host):
    """The controller sends it to a host that says so."""
    host.converge(one(power_limit="300"))
    host.broken = PYNVML_MISSING
    assert "pynvml_missing" in host.converge([])["msg"]
    host.broken = 0
    host.converge([])
    host.broken = PYNVML_MISSING
    assert host.converge([])["actions"] == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"format": 2, "gpus": {}}',
        '{"format": 1, "gpus": []}',
        '{"format": 1, "gpus": {"GPU-aaaa": {"power_limit": {"before": "much", "set": [1]}}}}',
        '{"format": 1, "gpus": {"GPU-aaaa": {"voltage": {"before": 1, "set": [1]}}}}',
        '{"format": 1, "gpus": {"GPU-aaaa": {"compute_mode": {"before": "shared", "set": []}}}}',
        '{"format": 1, "gpus": {"GPU-aaaa": {"gpu_clocks": {"before": [1, 2, 3], "set": []}}}}',
        '{"format": 1, "gpus": {"GPU-aaaa": {"ecc": {"set": []}}}}',
    ],
)
def test_a_damaged_file_is_an_error_and_keeps_no_host_from_its_limits_at_boot(host, text):
    host.converge(one(power_limit="300"))
    host.files[changed.SETTINGS] = text
    before = copy.deepcopy(host.values())
    for wanted in ([], one(power_limit="200")):
        failed = host.converge(wanted)
        assert failed["failed"] and f"'rm {changed.SETTINGS}'" in failed["msg"]
    assert host.values() == before
    host.wanted = one(power_limit="300")
    host.reboot()
    assert host.values()[FIRST]["power_limit"] == 300000


def test_a_setting_that_cannot_be_set_back_is_an_error(host):
    host.converge(ALL)
    before, noted = copy.deepcopy(host.values()), copy.deepcopy(host.noted())
    steps = len(host.steps)
    host.interrupted(4, FAIL)
    failed = host.converge([])
    assert steps and failed["failed"] and failed["undone"]
    assert host.values() == before and host.noted() == noted


# --- whatever happens

WAYS = (BEFORE, HALF, AFTER, FAIL, ONWARD)
options = st.fixed_dictionaries(
    {},
    optional={
        "persistence_mode": st.booleans(),
        "compute_mode": st.sampled_from(["default", "prohibited", "exclusive_process"]),
        "power_limit": st.sampled_from(["200", "300", "400"]),
        "gpu_clocks": st.sampled_from([{"locked": False}, {"min": 900, "max": 900}, {"min": 300, "max": 900}]),
        "ecc": st.booleans(),
    },
)
wishes = st.one_of(
    st.just([]), options.map(lambda given: [{"gpus": "all", **given}]), options.map(lambda given: one(**given))
)
interruptions = st.one_of(st.none(), st.tuples(st.integers(0, 12), st.sampled_from(WAYS)))
runs = st.tuples(st.just("converge"), wishes, interruptions)
# values that no run sets
others = st.tuples(
    st.just("set"), st.sampled_from([("power_limit", 150000), ("compute_mode", "1"), ("power_limit", 350000)])
)
reboots = st.tuples(st.just("reboot"))


def happens(host, event):
    kind, *what = event
    if kind == "reboot":
        host.reboot()
    elif kind == "set":
        host.set(FIRST, *what[0])
    else:
        wanted, interruption = what
        if interruption:
            host.interrupted(*interruption)
        with contextlib.suppress(Killed):
            host.converge(wanted)
        host.undisturbed()


@contextlib.contextmanager
def new_host(first_limit=400000):
    with pytest.MonkeyPatch.context() as patches:
        host = SettingsHost().patch(patches)
        host.set(FIRST, "power_limit", first_limit)
        yield host


@given(st.lists(runs, max_size=5), st.sampled_from([400000, 250000]))
def test_whatever_was_wanted_and_interrupted_all_is_as_before_when_nothing_is_wanted(events, limit):
    with new_host(limit) as host:
        before = host.values()
        for event in events:
            happens(host, event)
        host.converge([])
        assert host.values() == before and host.noted() == {}
        assert does(host.converge([])) == []


@given(st.lists(st.one_of(runs, runs, others, reboots), max_size=6))
def test_nothing_stays_that_nobody_else_has_set_and_that_is_not_named(events):
    with new_host(250000) as host:
        allowed = {(uuid, key): {value} for uuid, values in host.values().items() for key, value in values.items()}
        for uuid in UUIDS:
            allowed[uuid, "power_limit"] |= {400000, 150000, 350000}
            allowed[uuid, "compute_mode"] |= {"1"}
        for event in events:
            happens(host, event)
        named = {(left["uuid"], left["setting"]) for left in host.converge([])["left_behind"]}
        there = {(uuid, key): value for uuid, values in host.values().items() for key, value in values.items()}
        assert {what for what, value in there.items() if value not in allowed[what]} <= named
        assert does(host.converge([])) == []


@given(st.lists(st.one_of(runs, reboots), max_size=4), others)
def test_what_others_have_set_last_is_never_touched(events, last):
    with new_host() as host:
        for event in [*events, last]:
            happens(host, event)
        ((key, value),) = last[1:]
        host.converge([])
        assert host.values()[FIRST][key] == value


def swept(monkeypatch, taking_out):
    """A host before the run that is interrupted, which is the second one where settings are taken out."""
    host = SettingsHost().patch(monkeypatch)
    before = host.values()
    if taking_out:
        host.converge(ALL)
    host.undisturbed()
    return host, before


@pytest.mark.parametrize("taking_out", [False, True])
def test_whatever_interrupts_a_run_all_is_as_before_when_nothing_is_wanted(monkeypatch, taking_out):
    wanted = [] if taking_out else ALL
    host, _before = swept(monkeypatch, taking_out)
    host.converge(wanted)
    points, steps = 0, list(host.steps)
    for number, step in enumerate(steps):
        for way in WAYS:
            host, before = swept(monkeypatch, taking_out)
            host.interrupted(number, way)
            with contextlib.suppress(Killed):
                host.converge(wanted)
            host.undisturbed()
            assert host.converge([])["left_behind"] == [], (step, way)
            assert host.values() == before and host.noted() == {}, (step, way)
            assert does(host.converge([])) == [], (step, way)
            points += 1
    print(f"{points} points recovered")
    assert points == len(steps) * len(WAYS) >= 125


# --- clocks, which NVML does not tell of

LOCKED, UNLOCKED = one(gpu_clocks={"min": 900, "max": 900}), one(gpu_clocks={"locked": False})


@pytest.mark.parametrize(("first", "second"), [(LOCKED, UNLOCKED), (UNLOCKED, LOCKED), (LOCKED, LOCKED)])
@pytest.mark.parametrize("way", [BEFORE, AFTER])
def test_clocks_that_a_killed_run_was_changing_are_changed_again(host, first, second, way):
    host.converge(UNLOCKED if first is LOCKED else LOCKED, persist=False)
    # after the two notes
    host.interrupted(2, way)
    with pytest.raises(Killed, match="^gpu_clocks = "):
        host.converge(first, persist=False)
    host.undisturbed()
    host.converge(second, persist=False)
    assert host.clocks[FIRST].get("gpu_clocks") == (None if second is UNLOCKED else (900, 900))
    assert does(host.converge(second, persist=False)) == []


def test_clocks_of_a_card_that_refuses_to_lock_them_stay_known(host):
    host.refuses = "Clocks"
    failed = host.converge(LOCKED, persist=False)
    assert failed["nvml_status"] == "not_supported" and failed["undone"]
