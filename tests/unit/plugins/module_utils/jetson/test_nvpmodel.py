# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import nvpmodel
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.nvpmodel import ReleaseClocks, SetMode, Wanted
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.nvpmodel_conf import Mode, Setting, parse_conf
from hypothesis import given
from hypothesis import strategies as st

HEAD = "< PARAM TYPE=FILE NAME=CPU_ONLINE >\nCORE_1 /sys/devices/system/cpu/cpu1/online\n"
MODES = """\
< POWER_MODEL ID=0 NAME=MAXN >
CPU_ONLINE CORE_1 1
TPC_POWER_GATING TPC_PG_MASK 0
GPU MAX_FREQ -1

< POWER_MODEL ID=3 NAME=50W >
CPU_ONLINE CORE_1 1
TPC_POWER_GATING TPC_PG_MASK 0
GPU MAX_FREQ 828750000

< POWER_MODEL ID=4 NAME=15W >
CPU_ONLINE CORE_1 0
TPC_POWER_GATING TPC_PG_MASK 240
GPU MAX_FREQ 420750000
"""
TAIL = "# the last section\n< PM_CONFIG DEFAULT=3 >\n"


def conf(text=HEAD + MODES + TAIL):
    return parse_conf(text, "/etc/nvpmodel.conf")


def state(stored=None, running=None, **more):
    return nvpmodel.State(conf(), stored, running, **more)


# few of each, since every one is drawn for each case
names = st.sampled_from(["MAXN", "15W", "25W", "MAXN_SUPER"])
settings = st.sampled_from(
    [
        Setting(parameter, argument, value)
        for parameter, argument in (("CPU_ONLINE", "CORE_1"), ("GPU", "MAX_FREQ"), ("TPC_POWER_GATING", "TPC_PG_MASK"))
        for value in "01"
    ]
)
modes = st.lists(
    st.builds(Mode, st.integers(0, 9), names, st.lists(settings, max_size=3).map(tuple)),
    min_size=1,
    max_size=4,
    unique_by=(lambda mode: mode.id, lambda mode: mode.name),
)


def written(offered, default):
    parts = ["< POWER_MODEL ID={0} NAME={1} >".format(mode.id, mode.name) for mode in offered]
    bodies = ["".join("{0} {1} {2}\n".format(*line) for line in mode.settings) for mode in offered]
    sections = ["{0}\n{1}\n".format(*section) for section in zip(parts, bodies)]
    return "".join(sections) + "< PM_CONFIG DEFAULT={0} >\n".format(default)


@given(modes, st.data())
def test_conf_that_is_written_is_read(offered, data):
    default = data.draw(st.sampled_from(offered)).id
    read = conf(written(offered, default))
    assert (list(read.modes), read.default) == (offered, default)


@given(modes, st.data(), st.booleans(), st.booleans(), st.booleans())
def test_plan_reaches_the_mode_and_then_rests(offered, data, failed, locked, cores_fixed):
    ids = st.sampled_from([mode.id for mode in offered])
    stored = data.draw(st.none() | ids)
    running = data.draw(st.none() | ids) if stored is not None and not failed else None
    wanted = data.draw(st.sampled_from(offered))
    there = nvpmodel.State(conf(written(offered, offered[0].id)), stored, running, failed, locked, cores_fixed)
    actions = nvpmodel.plan(Wanted(wanted.name), there)
    reached = nvpmodel.after(there, actions)
    assert nvpmodel.chosen(reached) == wanted.id
    assert nvpmodel.plan(Wanted(wanted.name), reached) == []
    current = nvpmodel.of_id(there.conf, nvpmodel.in_force(there))
    if actions and not failed and wanted.id != nvpmodel.in_force(there):
        takes = nvpmodel.needs_reboot(current, wanted, cores_fixed)
        assert nvpmodel.reboot_required(reached) == bool(takes)
        assert (ReleaseClocks() in actions) == (locked and not takes)


def test_mode_that_is_set_at_once():
    actions = nvpmodel.plan(Wanted("MAXN"), state())
    assert [nvpmodel.describe(action) for action in actions] == ["set power mode MAXN"]
    assert not nvpmodel.reboot_required(nvpmodel.after(state(), actions))


def test_locked_clocks_are_given_back_before_another_mode():
    actions = nvpmodel.plan(Wanted("MAXN"), state(clocks_locked=True))
    assert actions[0] == ReleaseClocks() and "unlock the clocks" in nvpmodel.describe(actions[0])
    assert len(nvpmodel.plan(Wanted("15W"), state(clocks_locked=True))) == 1


def test_mode_that_takes_a_reboot_says_why_and_waits():
    (action,) = nvpmodel.plan(Wanted("15W"), state())
    assert nvpmodel.describe(action) == (
        "prepare power mode 15W for the next boot "
        "(CPU_ONLINE CORE_1 from 1 to 0, TPC_POWER_GATING TPC_PG_MASK from 0 to 240)"
    )
    waiting = nvpmodel.after(state(), [action])
    assert nvpmodel.reboot_required(waiting)
    assert nvpmodel.plan(Wanted("15W"), waiting) == []
    assert nvpmodel.show(waiting.conf, nvpmodel.in_force(waiting)) == {"id": 3, "name": "50W"}
    assert nvpmodel.show(waiting.conf, nvpmodel.chosen(waiting)) == {"id": 4, "name": "15W"}


def test_prepared_mode_can_be_taken_back():
    (action,) = nvpmodel.plan(Wanted("50W"), state(4, 3))
    assert action.how == "keep" and "keep power mode 50W" in nvpmodel.describe(action)
    assert not nvpmodel.reboot_required(nvpmodel.after(state(4, 3), [action]))


def test_cores_are_switched_at_once_on_older_modules():
    fewer = Mode(1, "A", (Setting("CPU_ONLINE", "CORE_1", "0"),))
    all_of_them = Mode(0, "B", (Setting("CPU_ONLINE", "CORE_1", "1"), Setting("CPU_ONLINE", "CORE_2", "1")))
    assert nvpmodel.needs_reboot(all_of_them, fewer, cores_fixed=False) == ()
    assert nvpmodel.needs_reboot(all_of_them, fewer) == ("CPU_ONLINE CORE_1 from 1 to 0",)
    # a mode leaves alone what it does not name
    assert nvpmodel.needs_reboot(fewer, all_of_them) == ("CPU_ONLINE CORE_1 from 0 to 1",)
    assert nvpmodel.needs_reboot(None, fewer) == ()


def test_stored_mode_that_its_unit_could_not_set_is_set_again():
    (action,) = nvpmodel.plan(Wanted("15W"), state(4, failed=True))
    assert action.how == "now"


def test_unknown_mode_lists_those_of_the_board():
    with pytest.raises(EdgesiteError, match="mode is MAXQ, .*: MAXN, 50W, 15W.*differ between modules"):
        nvpmodel.plan(Wanted("MAXQ"), state())


def test_name_of_two_modes_is_refused():
    twice = conf(MODES + "< POWER_MODEL ID=7 NAME=15W >\n" + TAIL)
    with pytest.raises(EdgesiteError, match="has the IDs 4 and 7"):
        nvpmodel.find(twice, "15W")
    assert nvpmodel.show(twice, 99) == {"id": 99, "name": None}


@pytest.mark.parametrize(
    "previous, text",
    [
        (None, "pmode:0003"),
        ("", "pmode:0003"),
        ("pmode:0001", "pmode:0003"),
        ("pmode:0001 fmode:quiet\n", "pmode:0003 fmode:quiet\n"),
    ],
)
def test_status_keeps_what_else_stands_in_it(previous, text):
    assert nvpmodel.status_text(previous, 3) == text


def test_action_tells_what_it_replaces():
    (action,) = nvpmodel.plan(Wanted("15W"), state())
    assert action == SetMode(conf().modes[2], "boot", action.why, None, 3)
