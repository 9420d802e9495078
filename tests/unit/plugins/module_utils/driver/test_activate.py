# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import activate, parts
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import holders as driver_holders
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.driver.cases import info, installed

OK, RELOAD, REBOOT, BROKEN = "ok", "reload_required", "reboot_required", "broken"
RESULT = {"changed": False, "actions": []}


@pytest.mark.parametrize(
    "verdict, allow, local, reloaded, how",
    [
        (OK, False, False, False, "ok"),
        (OK, True, True, True, "ok"),
        (RELOAD, False, False, False, "reload"),
        (RELOAD, True, True, False, "reload"),
        # nothing held it, and yet it could not be unloaded
        (RELOAD, False, False, True, "wait"),
        (RELOAD, True, False, True, "reboot"),
        (REBOOT, False, False, False, "wait"),
        (REBOOT, True, False, False, "reboot"),
        # the controller does not pull the chair away from under itself
        (REBOOT, True, True, False, "wait"),
        (BROKEN, True, False, False, "fail"),
        ("absent", True, False, False, "fail"),
    ],
)
def test_how_a_driver_comes_to_run(verdict, allow, local, reloaded, how):
    found = activate.activation(info(verdict=verdict), [], allow, local, reloaded)
    assert found["how"] == how


def test_modules_are_unloaded_in_an_order_that_works_and_services_end_first():
    holders = [
        {"name": "nvidia", "pid": None, "kind": "module"},
        {"name": "nvidia_uvm", "pid": None, "kind": "module"},
        {"name": "nvidia_drm", "pid": None, "kind": "module"},
        {"name": "nvidia_modeset", "pid": None, "kind": "module"},
        {"name": "nvidia_peermem", "pid": None, "kind": "module"},
    ]
    services = {"nvidia-persistenced": "stopped", "nvidia-fabricmanager": "running", "nvidia-powerd": "absent"}
    state = {**installed("550.1"), "verdict": RELOAD, "holders": holders, "services": services}
    found = activate.activation(state, ["nvidia-persistenced"], False, False)
    assert found["unload"] == ["nvidia_drm", "nvidia_modeset", "nvidia_uvm", "nvidia_peermem", "nvidia"]
    assert found["load"] == found["unload"][::-1]
    assert found["stop"] == ["nvidia-fabricmanager"]
    assert found["start"] == ["nvidia-fabricmanager", "nvidia-persistenced"]
    assert found["does"] == "load kernel module 550.1 without a reboot"


def test_nothing_is_unloaded_where_nothing_is_loaded():
    found = activate.activation(info(verdict=RELOAD), ["nvidia-persistenced"], False, False)
    assert found["unload"] == [] and found["load"] == ["nvidia", "nvidia_uvm"]
    # not installed
    assert found["start"] == []


def test_what_a_reload_takes_out_is_what_is_not_in_its_way():
    for name in parts.MODULES:
        holder = driver_holders.holders({}, [driver_holders.ModuleUse(name, 0, ())])
        assert not any(each.blocks for each in holder)
    for process in parts.SERVICES.values():
        assert not driver_holders.holders({7: process}, [])[0].blocks


@pytest.mark.parametrize(
    "how, failed, waits", [("ok", False, False), ("wait", False, True), ("reload", True, False), ("fail", True, False)]
)
def test_the_result_tells_what_came_of_it(how, failed, waits):
    found = {"how": how, "why": "Because.", "services": []}
    result = activate.end(RESULT, info(), found, ["reboot into the driver"])
    assert (result["failed"], result["reboot_required"], result["changed"]) == (failed, waits, True)
    assert result["actions"] == [{"does": "reboot into the driver"}]
    assert ("Because." in result["msg"]) and (not failed or result["msg"].startswith("The driver is absent"))


def test_a_service_that_does_not_run_is_told():
    found = {"how": "ok", "why": "", "services": ["nvidia-persistenced"]}
    state = installed("550.1")
    assert not activate.end(RESULT, state, found, [])["failed"]
    state["services"]["nvidia-persistenced"] = "stopped"
    result = activate.end(RESULT, state, found, [])
    assert result["failed"] and "nvidia-persistenced does not run. Look at 'journalctl -u" in result["msg"]
    # it starts with the reboot
    assert not activate.end(RESULT, state, {**found, "how": "wait"}, [])["failed"]


@pytest.mark.parametrize(
    "verdict, allow, actions, changed, failed, waits",
    [
        (OK, False, [], False, False, False),
        (RELOAD, False, ["load kernel module 550.1 without a reboot"], True, False, False),
        (REBOOT, True, ["reboot into the installed driver"], True, False, False),
        (REBOOT, False, [], False, False, True),
        (BROKEN, True, [], False, True, False),
    ],
)
def test_check_mode_tells_what_waits_though_no_package_changes(verdict, allow, actions, changed, failed, waits):
    state = {**installed("550.1"), "verdict": verdict, "reasons": ["It is so."]}
    found = activate.activation(state, [], allow, False)
    result = activate.foreseen(RESULT, state, found, False)
    assert [action["does"] for action in result["actions"]] == actions
    assert (result["changed"], result["failed"], result["reboot_required"]) == (changed, failed, waits)
    assert verdict == OK or "The driver is {0}: It is so.".format(verdict) in result["msg"]


def test_check_mode_does_not_fail_for_what_a_run_may_mend():
    state = {**installed("550.1"), "verdict": BROKEN, "reasons": ["No module."]}
    found = activate.activation(state, [], False, False)
    pending = {"changed": True, "actions": [{"does": "install it"}]}
    result = activate.foreseen(pending, state, found, True)
    assert result["changed"] and not result["failed"] and "No module." in result["msg"]
    # what is there now is not what a run would load
    found = activate.activation({**state, "verdict": RELOAD}, [], False, False)
    assert activate.foreseen(pending, state, found, True)["actions"] == pending["actions"]


def test_what_a_failed_installation_left():
    before = installed("535.1")
    broken = {**installed("550.1"), "verdict": BROKEN, "reasons": ["No module."]}
    assert activate.outcome(broken, before, False) == "Nothing was changed."
    assert "had broken off earlier was finished" in activate.outcome(broken, before, False, True)
    assert activate.outcome(before, before, True) == "The driver 535.1 is there as before, and its state is ok."
    assert activate.outcome(broken, before, True).startswith("The driver's state is now broken: No module. Run")
