# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import nvpmodel, own_lines, own_modes
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.nvpmodel import State, Wanted
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.nvpmodel_conf import parse_conf
from hypothesis import given
from hypothesis import strategies as st

CONF = """\
< PARAM TYPE=FILE NAME=CPU_ONLINE >
CORE_0 /sys/devices/system/cpu/cpu0/online
CORE_1 /sys/devices/system/cpu/cpu1/online
< PARAM TYPE=CLOCK NAME=GPU >
MIN_FREQ /sys/devices/platform/gpu.0/devfreq_dev/min_freq
MAX_FREQ /sys/devices/platform/gpu.0/devfreq_dev/max_freq
< PARAM TYPE=FILE NAME=GPU_POWER_CONTROL_ENABLE >
GPU_PWR_CNTL_EN /sys/devices/platform/gpu.0/power/control
< POWER_MODEL ID=0 NAME=MAXN >
CPU_ONLINE CORE_0 1
CPU_ONLINE CORE_1 1
GPU MAX_FREQ -1
< POWER_MODEL ID=3 NAME=30W >
CPU_ONLINE CORE_0 1
CPU_ONLINE CORE_1 1
GPU MAX_FREQ 828750000
# mandatory section
< PM_CONFIG DEFAULT=3 >
"""


def entry(name="EDGE_20W", base="30W", **settings):
    return {"name": name, "base": base, "settings": settings or {"GPU": {"MAX_FREQ": 624750000}}}


def own(*entries):
    return own_modes.checked(entries or (entry(),), "own_modes")


def written(*entries, text=CONF):
    return own_modes.with_modes(text, own_modes.resolved(text, own(*entries), "/etc/nvpmodel.conf"))


def state(text=CONF, stored=None, running=None, **more):
    return State(parse_conf(text), stored, running, text=text, **more)


def test_mode_is_its_base_with_what_differs():
    more = {
        "GPU": {"MAX_FREQ": 624750000, "MIN_FREQ": 306000000},
        "GPU_POWER_CONTROL_ENABLE": {"GPU_PWR_CNTL_EN": "on"},
    }
    text = written(entry(**more))
    block = """\
# edgesite.gpu begins: these lines are overwritten
< POWER_MODEL ID=4 NAME=EDGE_20W >
CPU_ONLINE CORE_0 1
CPU_ONLINE CORE_1 1
GPU MAX_FREQ 624750000
GPU MIN_FREQ 306000000
GPU_POWER_CONTROL_ENABLE GPU_PWR_CNTL_EN on
# edgesite.gpu ends
"""
    assert text == CONF.replace("< PM_CONFIG", block + "< PM_CONFIG")
    assert [mode.name for mode in parse_conf(text).modes] == ["MAXN", "30W", "EDGE_20W"]


def test_new_settings_stand_before_the_gpu_is_let_go():
    text = CONF.replace("MAX_FREQ 828750000\n", "MAX_FREQ 828750000\nGPU_POWER_CONTROL_ENABLE GPU_PWR_CNTL_EN auto\n")
    assert """\
GPU MAX_FREQ 828750000
GPU MIN_FREQ 306000000
GPU_POWER_CONTROL_ENABLE GPU_PWR_CNTL_EN auto
# edgesite.gpu ends
""" in written(entry(GPU={"MIN_FREQ": 306000000}), text=text)


@given(st.lists(st.sampled_from(["A", "B", "C", "D"]), unique=True), st.lists(st.sampled_from("ABCD"), unique=True))
def test_modes_keep_their_ids_and_go_as_they_came(first, second):
    before = written(*(entry(name) for name in first)) if first else CONF
    wanted = own(*(entry(name) for name in second)) if second else ()
    after = own_modes.with_modes(before, own_modes.resolved(before, wanted, ""))
    ids = [{mode.name: mode.id for mode in parse_conf(text).modes} for text in (before, after)]
    assert all(ids[1][name] == ids[0][name] for name in second if name in first)
    assert own_lines.without(after) == CONF and list(ids[1]) == ["MAXN", "30W", *second]


def test_ids_that_the_board_has_by_now_are_given_anew():
    text = written().replace("ID=3 NAME=30W", "ID=4 NAME=30W").replace("DEFAULT=3", "DEFAULT=4")
    (mode,) = own_modes.resolved(text, own(), "")
    assert mode.id == 5


@pytest.mark.parametrize(
    "wrong, problem",
    [
        (entry("a b"), r"own_modes\[0\].name is 'a b'"),
        (entry("A>\n< PM_CONFIG"), r"own_modes\[0\].name is "),
        (entry("A", "30 W"), r"own_modes\[0\].base is '30 W'"),
        ({**entry(), "settings": {}}, r"own_modes\[0\].settings is empty"),
        (entry(GPU=5), r"settings.GPU is 5, which is not a dictionary"),
        (entry(GPU={"MAX_FREQ": 1.5}), r"settings.GPU.MAX_FREQ is 1.5, which is not a number, or a word"),
        (entry(GPU={"MAX_FREQ": True}), r"settings.GPU.MAX_FREQ is true.*'on'"),
        (entry(GPU={"MAX_FREQ": "1 # 2"}), r"settings.GPU.MAX_FREQ is '1 # 2'"),
        (entry(**{"a b": {"X": 1}}), "a parameter in .*settings is 'a b'"),
    ],
)
def test_mode_that_no_board_could_have_is_refused(wrong, problem):
    with pytest.raises(EdgesiteError, match=problem) as caught:
        own(wrong)
    assert caught.value.fix and "\n" not in str(caught.value)


def test_all_wrong_modes_are_told_and_names_are_given_once():
    with pytest.raises(EdgesiteError) as caught:
        own(entry("A"), entry("a b"), entry("A"))
    assert [error.problem.partition(" is ")[0] for error in caught.value.parts] == [
        "own_modes[1].name",
        "own_modes[2].name",
    ]


@pytest.mark.parametrize(
    "wrong, problem",
    [
        (entry("MAXN"), r"own_modes\[0\].name is MAXN, as a mode of the board"),
        (entry(base="60W"), r"own_modes\[0\].base is 60W, .*its modes are: MAXN, 30W"),
        (
            entry(EMC={"MAX_FREQ": 1}),
            r"own_modes\[0\].settings.EMC.MAX_FREQ is none of this board's parameters: CPU_ONLINE, GPU, GPU_POWER",
        ),
        (entry(GPU={"FREQ": 1}), r"GPU.FREQ is none of this board's arguments: MIN_FREQ, MAX_FREQ"),
        (entry(GPU={"MAX_FREQ": "high"}), "GPU.MAX_FREQ is high, which is not a whole number, or -1"),
        (entry(CPU_ONLINE={"CORE_1": 2}), "CPU_ONLINE.CORE_1 is 2, which is not 0 or 1"),
        (entry(CPU_ONLINE={"CORE_0": 0}), "CORE_0 is 0, which is not 1: the first core cannot be off"),
    ],
)
def test_mode_that_this_board_cannot_have_is_refused(wrong, problem):
    with pytest.raises(EdgesiteError, match=problem) as caught:
        written(wrong)
    assert caught.value.fix


def test_clock_that_there_is_not_is_refused():
    tables = {"GPU": (306000000, 624750000)}
    with pytest.raises(EdgesiteError, match="is 5, which is no clock of this board: 306000000, 624750000.*without a"):
        own_modes.resolved(CONF, own(entry(GPU={"MAX_FREQ": 5})), "", tables)
    for clock in (-1, 0, 306000000):
        assert own_modes.resolved(CONF, own(entry(GPU={"MAX_FREQ": clock})), "", tables)


def test_files_that_list_clocks():
    text = CONF.replace("MIN_FREQ /sys", "FREQ_TABLE /a\nFREQ_TABLE_KNEXT /b\nMIN_FREQ /sys")
    assert own_modes.table_files(parse_conf(text)) == {"GPU": ["/a", "/b"]}


def reached(wants, there):
    actions = nvpmodel.plan(wants, there)
    after = nvpmodel.after(there, actions)
    assert nvpmodel.plan(wants, after) == []
    return [nvpmodel.describe(action) for action in actions], after


def test_mode_is_written_and_set():
    does, after = reached(Wanted("EDGE_20W", own()), state())
    assert does == ["write the own power modes EDGE_20W", "set power mode EDGE_20W"]
    assert nvpmodel.chosen(after) == 4 and not nvpmodel.reboot_required(after)


def test_modes_that_nobody_speaks_of_stay():
    assert nvpmodel.plan(Wanted("30W"), state(written())) == []
    assert reached(Wanted("", ()), state(written()))[1].text == CONF


def test_mode_in_force_that_is_defined_anew_is_set_again():
    changed = own(entry(GPU={"MAX_FREQ": 306000000}))
    there = state(written(), 4)
    for wants in (Wanted("", changed), Wanted("EDGE_20W", changed)):
        does, after = reached(wants, there)
        assert does == ["write the own power modes EDGE_20W", "set power mode EDGE_20W again, as it is defined now"]
        assert after.stale == ""
    # a run that ended in between
    half = state(written(entry(GPU={"MAX_FREQ": 306000000})), 4, stale=nvpmodel.SET)
    assert reached(Wanted("", changed), half)[0] == ["set power mode EDGE_20W again, as it is defined now"]
    assert nvpmodel.plan(Wanted("", changed), half._replace(stale=nvpmodel.BOOT)) == []
    assert nvpmodel.reboot_required(half._replace(stale=nvpmodel.BOOT))


def test_other_modes_can_be_defined_anew_without_setting_any():
    does, _after = reached(Wanted("", own(entry(GPU={"MAX_FREQ": 306000000}))), state(written(), 3))
    assert does == ["write the own power modes EDGE_20W"]


def test_mode_goes_once_it_is_not_in_force():
    does, after = reached(Wanted("30W", ()), state(written(), 4))
    assert does == ["set power mode 30W", "remove own power modes"] and after.text == CONF


def test_mode_that_is_in_force_until_the_next_boot_goes_after_it():
    text = written(entry(CPU_ONLINE={"CORE_1": 0}))
    does, after = reached(Wanted("30W", ()), state(text, 4))
    assert len(does) == 1 and does[0].startswith("prepare power mode 30W for the next boot")
    assert nvpmodel.reboot_required(after) and after.text == text
    booted = after._replace(running=None)
    assert reached(Wanted("30W", ()), booted)[0] == ["remove own power modes"]


def test_mode_that_the_next_boot_sets_is_not_removed():
    for name in ("", "EDGE_20W"):
        with pytest.raises(EdgesiteError, match="EDGE_20W is in force, and no longer among"):
            nvpmodel.plan(Wanted(name, ()), state(written(), 4))


def test_what_is_wrong_with_each_mode_and_with_the_one_to_be_in_force_is_told_at_once():
    wants = Wanted("60W", own(entry("A", base="1W"), entry("B", base="2W")), "power_mode")
    with pytest.raises(EdgesiteError) as caught:
        nvpmodel.plan(wants, state(CONF))
    assert [part.problem.partition(" is ")[0] for part in caught.value.parts] == [
        "own_modes[0].base",
        "own_modes[1].base",
        "power_mode",
    ]
