# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs of a module with a reboot between them are one result."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.action.mig_layout import ActionModule as MigLayout
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.plugin_utils.rebooting import RebootingActionBase
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.host_task import HostTask

REBOOT = "ansible.builtin.reboot"
REBOOTS = {"does": "reboot", "disruption": "reboot", "of": []}
WAITS = {
    "changed": True,
    "actions": [{"does": "turn MIG on"}],
    "before": {"mig": "off"},
    "after": {"mig": "off"},
    "reboot_required": True,
}
DONE = {
    "changed": False,
    "actions": [],
    "before": {"mig": "on"},
    "after": {"mig": "on"},
    "reboot_required": False,
    "holders": [],
}


def task(*answers, base=RebootingActionBase, **options):
    return HostTask(base, answers, **{"allow_reboot": True, **options})


def test_host_reboots_where_it_may_and_both_runs_are_one_result():
    run = task(WAITS, {**DONE, "changed": True, "actions": [{"does": "create 1g"}]}, reboot_timeout=300)
    result = run.result()
    assert result["actions"] == [{"does": "turn MIG on"}, REBOOTS, {"does": "create 1g", "after": "reboot"}]
    assert result["changed"] and not result["reboot_required"] and "failed" not in result
    assert result["before"] == {"mig": "off"} and result["after"] == {"mig": "on"}
    assert result["diff"] == {"before": {"mig": "off"}, "after": {"mig": "on"}}
    name, arguments = run.ran[1]
    assert name == REBOOT and arguments["reboot_timeout"] == 300
    assert run.action._connection._shell.tmpdir is None, "a folder of the old boot may be gone"


@pytest.mark.parametrize(
    "first, options",
    [
        (WAITS, {"allow_reboot": False}),
        (WAITS, {"allow_reboot": "no"}),
        (WAITS, {"transport": "local"}),
        ({**WAITS, "failed": True, "msg": "no"}, {}),
        (DONE, {}),
        ({"unreachable": True}, {}),
    ],
)
def test_host_does_not_reboot(first, options):
    run = task(first, **options)
    assert run.result() == first and run.ran == ["module"]


@pytest.mark.parametrize("seconds", [0, -5, "-5", 10**30])
def test_a_limit_of_time_that_is_none_stops_the_task_before_anything_is_done(seconds):
    run = task(WAITS, DONE, reboot_timeout=seconds)
    with pytest.raises(EdgesiteError, match=r"^reboot_timeout is .* 1 to 86400 seconds"):
        run.result()
    assert run.ran == []


def test_check_mode_tells_of_the_reboot():
    run = task(WAITS, check=True)
    assert run.result()["actions"] == [{"does": "turn MIG on"}, REBOOTS] and run.ran == ["module"]


def test_check_mode_tells_of_the_reboot_before_what_comes_after_it():
    upgrade, lock = {"does": "upgrade"}, {"does": "lock the clocks", "after": "reboot"}
    run = task({**WAITS, "actions": [upgrade, lock, lock]}, check=True)
    assert run.result()["actions"] == [upgrade, REBOOTS, lock, lock]


def test_check_mode_tells_of_each_reboot():
    upgrade, mode, lock = {"does": "upgrade"}, {"does": "prepare a mode"}, {"does": "lock the clocks"}
    behind = [{**mode, "after": "reboot"}, {**lock, "after": "reboot", "boot": 2}]
    run = task({**WAITS, "actions": [upgrade, *behind], "boots": 2}, check=True)
    told = run.result()
    after = [REBOOTS, {**mode, "after": "reboot"}, REBOOTS, {**lock, "after": "reboot"}]
    assert told["actions"] == [upgrade, *after] and "boots" not in told
    run = task({**WAITS, "actions": [upgrade, *behind[:1]], "boots": 2}, check=True)
    assert run.result()["actions"] == [upgrade, *after[:2], REBOOTS]


def test_check_mode_lists_nothing_after_a_reboot_that_is_not_allowed():
    mode, instance = {"does": "turn MIG on"}, {"does": "create 1g", "after": "reboot"}
    run = task({**WAITS, "actions": [mode, instance]}, check=True, allow_reboot=False)
    assert run.result()["actions"] == [mode]


def test_reboot_without_the_option_is_not_allowed():
    assert HostTask(RebootingActionBase, [WAITS]).result() == WAITS


def test_reboot_that_fails_is_the_failure_and_nothing_is_lost():
    result = task(WAITS, others={REBOOT: {"failed": True, "msg": "Timed out waiting"}}).result()
    assert result["failed"] and result["actions"] == WAITS["actions"] and result["reboot_required"]
    assert result["msg"] == "The host did not come back from its reboot: Timed out waiting"


def test_change_that_waits_for_a_reboot_after_one_is_a_failure():
    result = task(WAITS, {**WAITS, "actions": [], "msg": "The inforom refuses it."}).result()
    assert result["failed"] and result["reboot_required"]
    assert result["msg"] == "The host was rebooted, but the change still waits for a reboot. The inforom refuses it."


def test_what_was_only_begun_after_the_first_boot_gets_one_of_its_own():
    run = task(WAITS, {**WAITS, "actions": [{"does": "set the power mode"}]}, DONE, reboot_timeout="900.0")
    result = run.result()
    assert [entry["does"] for entry in result["actions"]] == ["turn MIG on", "reboot", "set the power mode", "reboot"]
    assert not result.get("failed") and not result["reboot_required"] and result["before"] == {"mig": "off"}


def test_host_does_not_reboot_for_ever():
    run = task(*[WAITS] * 9)
    assert run.result()["failed"] and run.ran.count("module") == 4


def test_failure_after_the_reboot_keeps_its_own_words():
    result = task(WAITS, {"failed": True, "msg": "no driver"}).result()
    assert result["failed"] and result["msg"] == "no driver"
    assert [entry["does"] for entry in result["actions"]] == ["turn MIG on", "reboot"]


@pytest.mark.parametrize("more", [{"boots": 10**9}, {"boots": "2"}, {"boots": -1}, {"actions": [{"boot": 10**9}]}])
def test_a_host_cannot_foresee_any_number_of_reboots(more):
    """Each of them is an action, and the controller has to hold them all."""
    with pytest.raises(EdgesiteError, match="makes no sense .it foresees .* as the number of reboots"):
        task({**WAITS, **more}, check=True).result()


@pytest.mark.parametrize("disruption, reboots", [("idle", False), ("force", True)])
def test_mig_layout_does_not_end_a_program_that_uses_a_gpu_by_a_reboot(disruption, reboots):
    run = task({**WAITS, "holders": [{"pid": 1}]}, DONE, base=MigLayout, disruption=disruption)
    run.result()
    assert (len(run.ran) == 3) is reboots
