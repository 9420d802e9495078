# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.boot import unit as boot
from ansible_collections.edgesite.gpu.plugins.module_utils.common import effects, quiesce
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.common.line_cases import unit, values
from hypothesis import given
from hypothesis import strategies as st

WANTED = boot.wanted("settings", "Apply GPU settings", "/usr/bin/python3", {"settings": []})
COMMAND = "-I -S /usr/local/lib/edgesite-gpu/current/__main__.py settings /etc/edgesite-gpu/settings.json"
NONE = boot.wanted("settings", "Apply GPU settings", "/usr/bin/python3", None)


def boot_unit(python="/usr/bin/python3", before=()):
    wanted = boot.wanted("settings", "Apply GPU settings", python, {"settings": []}, before)
    return wanted.files["/etc/systemd/system/edgesite-gpu-settings.service"]


def test_unit_runs_the_verb_on_its_configuration_before_container_runtimes():
    unit = WANTED.files["/etc/systemd/system/edgesite-gpu-settings.service"]
    assert "ExecStart=/usr/bin/python3 {0}\n".format(COMMAND) in unit
    assert "Before=containerd.service docker.service" in unit
    # what comes after it is not held back by a driver that hangs
    assert "\nTimeoutStartSec=300\nTimeoutStopSec=5\n" in unit and "Requires" not in unit
    assert json.loads(WANTED.files["/etc/edgesite-gpu/settings.json"]) == {"settings": []}


def test_unit_that_is_not_there_is_written_and_then_enabled():
    assert [effects.describe(action) for action in boot.plan(WANTED, NONE)] == [
        "write /etc/edgesite-gpu/settings.json",
        "write /etc/systemd/system/edgesite-gpu-settings.service",
        "enable edgesite-gpu-settings.service",
    ]


def test_unit_that_is_not_wanted_is_disabled_and_then_removed():
    assert [effects.describe(action) for action in boot.plan(NONE, WANTED)] == [
        "disable edgesite-gpu-settings.service",
        "remove /etc/edgesite-gpu/settings.json",
        "remove /etc/systemd/system/edgesite-gpu-settings.service",
    ]


def units():
    return st.builds(
        boot.BootUnit,
        unit=st.just(WANTED.unit),
        files=st.fixed_dictionaries({path: st.one_of(st.none(), st.just("a"), st.just("b")) for path in WANTED.files}),
        enabled=st.booleans(),
    )


@given(units(), units())
def test_plan_reaches_the_wanted_unit_and_can_be_taken_back(desired, observed):
    actions = boot.plan(desired, observed)
    reached = boot.after(observed, actions)
    assert reached == desired
    assert boot.plan(desired, reached) == []
    assert boot.after(reached, [effects.undo(action) for action in reversed(actions)]) == observed


@pytest.mark.parametrize(
    "units", [["a\n[Service]\nExecStartPre=/bin/true"], ["%n.service"], ["-H=root@hub.service"], ["dcgm"], "a.service"]
)
def test_units_that_are_none_are_refused_by_the_options_name(units):
    with pytest.raises(EdgesiteError, match=r"^mig_quiesce(\[0\])? is "):
        quiesce.checked(units, "mig_quiesce")


@given(st.lists(values("dcgm.service", "getty@tty1.service", "dev-disk-by\\x2did.device"), max_size=3))
def test_units_become_words_of_one_line_or_are_refused(units):
    usual = unit(boot_unit())
    try:
        before = quiesce.checked(units)
    except EdgesiteError as error:
        assert all(part.problem.startswith("quiesce[") and part.fix for part in error.parts or [error])
        return
    found = unit(boot_unit(before=before))
    (there,) = [value for _section, name, value in usual if name == "Before"]
    wanted = " ".join(dict.fromkeys([*there.split(" "), *units]))
    assert found == [(section, name, wanted if name == "Before" else value) for section, name, value in usual]


@given(values("/usr/bin/python3", "/opt/a+b/bin/python3.11"))
def test_the_interpreter_is_one_word_of_one_line_or_is_refused(python):
    try:
        found = unit(boot_unit(python))
    except EdgesiteError as error:
        assert error.problem.startswith("ansible_python_interpreter is ") and error.fix
        return
    assert ("[Service]", "ExecStart", python + " " + COMMAND) in found
    assert len(found) == len(unit(boot_unit()))


@given(values("dcgm.service"))
def test_a_unit_that_nobody_checked_is_no_second_line(name):
    try:
        found = unit(boot_unit(before=[name]))
    except EdgesiteError as error:
        assert error.problem.startswith("before is ")
        return
    assert len(found) == len(unit(boot_unit()))
