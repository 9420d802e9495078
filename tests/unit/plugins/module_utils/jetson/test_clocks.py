# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.boot import unit as boot
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import clocks as jetson_clocks
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.clocks import Clock, Lock, Restore, State
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.common.line_cases import unit, values
from ansible_collections.edgesite.gpu.tests.unit.shapes import text_of
from hypothesis import given
from hypothesis import strategies as st

SHAPES = {"free": "agx-orin", "locked": "agx-orin-locked"}
UNIT = jetson_clocks.boot_unit("/usr/bin/jetson_clocks", True)
NO_UNIT = jetson_clocks.boot_unit("/usr/bin/jetson_clocks", False)


def shown(name):
    return jetson_clocks.parse_show(text_of("jetson", "jetson_clocks/" + SHAPES[name]))


def test_unit_has_an_end():
    (text,) = UNIT.files.values()
    assert "TimeoutStartSec=60\nTimeoutStopSec=5\n" in text and "ExecStart=/usr/bin/jetson_clocks\n" in text


@pytest.mark.parametrize(
    "text", ["", "Error: Run this script(jetson_clocks) as a root user\n", "GPU MinFreq=1 MaxFreq=1"]
)
def test_answer_without_cpus_is_refused(text):
    with pytest.raises(EdgesiteError, match="lists no CPU"):
        jetson_clocks.parse_show(text)


@given(st.text())
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(EdgesiteError):
        assert jetson_clocks.parse_show(text)


clocks = st.dictionaries(
    st.sampled_from(["cpu0", "cpu1", "GPU"]),
    st.tuples(st.integers(1, 3), st.integers(3, 5)).map(lambda two: Clock(*two)),
)


@given(clocks, st.booleans(), st.sampled_from([UNIT, NO_UNIT]))
def test_lock_reaches_what_is_wanted_and_then_rests(there, stored, unit):
    before = State(there, stored, NO_UNIT)
    actions = jetson_clocks.plan(True, unit, before)
    after = jetson_clocks.after(before, actions)
    assert jetson_clocks.locked(after.clocks) and after.boot == unit
    assert jetson_clocks.plan(True, unit, after) == []
    assert (Lock() in actions) != jetson_clocks.locked(there)


def test_restore_takes_the_unit_away():
    before = State(shown("locked"), True, UNIT)
    actions = jetson_clocks.plan(False, NO_UNIT, before)
    assert actions[0] == Restore()
    assert jetson_clocks.after(before, actions) == State({}, False, NO_UNIT)
    assert [jetson_clocks.describe(action) for action in actions] == [
        "restore the clocks as they were before the lock",
        "disable edgesite-gpu-jetson-clocks.service",
        "remove /etc/systemd/system/edgesite-gpu-jetson-clocks.service",
    ]


def test_restored_clocks_rest():
    assert jetson_clocks.plan(False, NO_UNIT, State(shown("free"), False, NO_UNIT)) == []


def test_lock_of_somebody_else_cannot_be_restored():
    with pytest.raises(EdgesiteError, match="something else locked the clocks.*reboot"):
        jetson_clocks.plan(False, NO_UNIT, State(shown("locked"), False, NO_UNIT))


def test_unit_notes_the_clocks_before_it_locks_them():
    (text,) = UNIT.files.values()
    commands = [line.split("=", 1)[1] for line in text.splitlines() if line.startswith("Exec")]
    assert commands[-2:] == [
        "/usr/bin/jetson_clocks --store /run/edgesite-gpu/jetson_clocks.conf",
        "/usr/bin/jetson_clocks",
    ]
    assert "After=nvpmodel.service" in text
    assert jetson_clocks.describe(Lock()).startswith("lock the clocks")
    assert boot.plan(UNIT, UNIT) == []


@given(values("/usr/bin/jetson_clocks"))
def test_the_program_is_one_word_of_its_lines_or_is_refused(program):
    assert jetson_clocks.boot_unit(program, False) == NO_UNIT
    try:
        (text,) = jetson_clocks.boot_unit(program, True).files.values()
    except EdgesiteError as error:
        assert error.problem.startswith("the path of jetson_clocks is ") and error.fix
        return
    (usual,) = UNIT.files.values()
    assert unit(text) == [
        (section, name, value.replace("/usr/bin/jetson_clocks", program)) for section, name, value in unit(usual)
    ]


@pytest.mark.parametrize(
    "line, full",
    [
        ("FAN Dynamic Speed Control=nvfancontrol hwmon0_pwm1=88", False),
        # it is hot
        ("FAN Dynamic Speed Control=nvfancontrol hwmon0_pwm1=255", False),
        ("FAN Dynamic Speed Control=disabled hwmon0_pwm1=255", True),
        ("FAN Dynamic Speed Control=disabled hwmon0_pwm1=0", False),
        ("FAN Dynamic Speed control=disabled hwmon1_pwm1=255\nFAN Dynamic Speed control=x hwmon1_pwm1_enable=1", True),
        ("Fan: speed=0", False),
        ("Fan: PWM=255", True),
        ("GPU MinFreq=255 MaxFreq=255", None),
    ],
)
def test_fans_at_full_speed(line, full):
    assert jetson_clocks.at_full_speed("SOC family:tegra234\n{0}\nNV Power Mode: A\n".format(line)) == full


FULL_UNIT = jetson_clocks.boot_unit("/usr/bin/jetson_clocks", True, True)


@pytest.mark.parametrize(
    "name, stored, expected",
    [
        ("free", False, ["lock the clocks at the maximum of the power mode, with the fans at full speed"]),
        (
            "locked",
            True,
            [
                "restore the clocks as they were before the lock",
                "lock the clocks at the maximum of the power mode, with the fans at full speed",
            ],
        ),
        ("locked", False, ["lock the clocks at the maximum of the power mode, with the fans at full speed"]),
    ],
)
def test_full_speed_is_reached_and_then_rests(name, stored, expected):
    before = State(shown(name), stored, FULL_UNIT, False)
    actions = jetson_clocks.plan(True, FULL_UNIT, before, True)
    assert [jetson_clocks.describe(action) for action in actions] == expected
    # after a restore the ranges are not known before
    after = jetson_clocks.after(before, actions)._replace(clocks=shown("locked"))
    assert after.full and jetson_clocks.plan(True, FULL_UNIT, after, True) == []
    assert jetson_clocks.plan(True, FULL_UNIT, after, False) == []


def test_unit_runs_the_fans_at_full_speed_too():
    (text,) = FULL_UNIT.files.values()
    assert "ExecStart=/usr/bin/jetson_clocks --fan\n" in text


def test_board_without_a_fan_has_none_at_full_speed():
    with pytest.raises(EdgesiteError, match="lists no fan"):
        jetson_clocks.plan(True, UNIT, State(shown("free"), False, UNIT), True)


def test_full_speed_takes_a_lock_and_excludes_a_profile():
    options = ("fan", "clocks", "profile")
    jetson_clocks.check_fan(True, True, False, options)
    jetson_clocks.check_fan(False, False, True, options)
    with pytest.raises(EdgesiteError, match="fan is true, but clocks is not locked"):
        jetson_clocks.check_fan(True, False, False, options)
    with pytest.raises(EdgesiteError, match="fan is true, and profile is set.*Remove fan or profile"):
        jetson_clocks.check_fan(True, True, True, options)
