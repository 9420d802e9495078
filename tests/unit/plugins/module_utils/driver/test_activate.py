# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import activate, parts
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import holders as driver_holders
from ansible_collections.edgesite.gpu.plugins.module_utils.machine.modules import ModuleUse
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.driver.cases import info, installed

OK, RELOAD, REBOOT, BROKEN = "ok", "reload_required", "reboot_required", "broken"


def found(verdict, **changes):
    return {**installed("550.1"), "verdict": verdict, "reasons": ["It is so."], "fix": "Do that.", **changes}


def test_only_what_nothing_holds_is_loaded_without_a_reboot():
    assert activate.reload(found(RELOAD), [])
    for verdict in (OK, REBOOT, BROKEN, "absent"):
        assert activate.reload(found(verdict), []) is None


def test_what_waits_for_a_reboot_says_why():
    assert activate.waits(found(OK)) == ""
    assert activate.waits(found(REBOOT)) == "It is so. Do that."
    # nothing held it, and yet it could not be unloaded
    assert activate.waits(found(RELOAD))


@pytest.mark.parametrize("verdict", [BROKEN, "absent"])
def test_what_neither_a_reload_nor_a_reboot_mends_is_an_error(verdict):
    with pytest.raises(EdgesiteError, match="The driver is {0}: It is so. Do that.".format(verdict)) as told:
        activate.check(found(verdict))
    assert told.value.fix == "Do that."
    for good in (OK, RELOAD, REBOOT):
        activate.check(found(good))


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
    step = activate.reload(state, ["nvidia-persistenced"])
    assert step.unload == ("nvidia_drm", "nvidia_modeset", "nvidia_uvm", "nvidia_peermem", "nvidia")
    assert step.load == step.unload[::-1]
    assert step.stop == ("nvidia-fabricmanager",)
    assert step.start == ("nvidia-fabricmanager", "nvidia-persistenced")
    assert (step.does, step.version) == ("load the driver's kernel modules without a reboot", "550.1")


def test_nothing_is_unloaded_where_nothing_is_loaded():
    step = activate.reload(info(verdict=RELOAD), ["nvidia-persistenced"])
    assert step.unload == () and step.load == ("nvidia", "nvidia_uvm")
    # not installed
    assert step.start == ()


def test_what_a_reload_takes_out_is_what_is_not_in_its_way():
    for name in parts.MODULES:
        holder = driver_holders.holders({}, [ModuleUse(name, 0, ())])
        assert not any(each.blocks for each in holder)
    for process in parts.SERVICES.values():
        assert not driver_holders.holders({7: process}, [])[0].blocks


def test_what_a_failed_installation_left():
    before = installed("535.1")
    broken = {**installed("550.1"), "verdict": BROKEN, "reasons": ["No module."]}
    assert activate.outcome(broken, before, False) == "Nothing was changed."
    assert "interrupted installation was completed" in activate.outcome(broken, before, False, True)
    assert activate.outcome(before, before, True) == "The driver 535.1 is installed as before, and its state is ok."
    assert activate.outcome(broken, before, True).startswith("The driver's state is now broken: No module. Run")
