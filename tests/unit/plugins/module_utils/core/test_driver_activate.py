# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.core import driver_activate
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.core.driver_cases import info, installed

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
    found = driver_activate.activation(info(verdict=verdict), allow, local, reloaded)
    assert found["how"] == how


def test_modules_are_unloaded_in_an_order_that_works_and_services_end_first():
    holders = [
        {"name": "nvidia", "pid": None, "kind": "module"},
        {"name": "nvidia_uvm", "pid": None, "kind": "module"},
        {"name": "nvidia_drm", "pid": None, "kind": "module"},
        {"name": "nvidia-persistenced", "pid": 12, "kind": "service"},
        {"name": "nv-fabricmanager", "pid": 13, "kind": "service"},
    ]
    found = driver_activate.activation({**installed("550.1"), "verdict": RELOAD, "holders": holders}, False, False)
    assert found["unload"] == ["nvidia_drm", "nvidia_uvm", "nvidia"]
    assert found["units"] == ["nvidia-fabricmanager.service", "nvidia-persistenced.service"]
    assert found["does"] == "load kernel module 550.1 without a reboot"


def test_nothing_is_unloaded_where_nothing_is_loaded():
    assert driver_activate.activation(info(verdict=RELOAD), False, False)["unload"] == []


@pytest.mark.parametrize(
    "how, failed, waits", [("ok", False, False), ("wait", False, True), ("reload", True, False), ("fail", True, False)]
)
def test_the_result_tells_what_came_of_it(how, failed, waits):
    result = driver_activate.end(RESULT, info(), {"how": how, "why": "Because."}, ["reboot into the driver"])
    assert (result["failed"], result["reboot_required"], result["changed"]) == (failed, waits, True)
    assert result["actions"] == [{"does": "reboot into the driver"}]
    assert ("Because." in result["msg"]) and (not failed or result["msg"].startswith("The driver is absent"))


def test_what_a_failed_installation_left():
    before = installed("535.1")
    broken = {**installed("550.1"), "verdict": BROKEN, "reasons": ["No module."]}
    assert driver_activate.outcome(broken, before, False) == "Nothing was changed."
    assert driver_activate.outcome(before, before, True) == "The driver 535.1 is there as before, and its state is ok."
    assert driver_activate.outcome(broken, before, True).startswith("The driver's state is now broken: No module. Run")
