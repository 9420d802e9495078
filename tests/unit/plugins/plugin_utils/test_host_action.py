# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What actions of modules that change a host have in common."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import ControllerActionBase, HostActionBase
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.host_task import HostTask

DONE = {"changed": True, "actions": [{"does": "turn MIG on"}, {"does": "reboot"}]}


@pytest.mark.parametrize(
    "answer, check, lines",
    [
        (DONE, True, ["would turn MIG on", "would reboot"]),
        (DONE, False, []),
        ({**DONE, "failed": True}, True, []),
        ({"changed": False}, True, []),
    ],
)
def test_check_mode_shows_what_would_be_done(answer, check, lines):
    run, said = HostTask(HostActionBase, [answer], check=check), []
    run.action.say = said.append
    run.action._run_module = run._module
    assert run.action.answer({"inventory_hostname": "gpu-1"}) == answer
    assert said == lines


@pytest.mark.parametrize("actions", [5, "x", [5], [{}], [None], {"does": "x"}])
def test_a_host_that_says_anything_would_do_nothing(actions):
    run, said = HostTask(HostActionBase, [{"changed": True, "actions": actions}], check=True), []
    run.action.say = said.append
    run.action._run_module = run._module
    run.action.answer({"inventory_hostname": "gpu-1"})
    assert said == []


def test_a_host_gets_no_line_of_another_one(capsys):
    run = HostTask(HostActionBase, [{"actions": [{"does": "nothing\n  gpu-2: would go\x1b[2J"}]}], check=True)
    run.action._run_module = run._module
    run.action.answer({"inventory_hostname": "gpu-1"})
    assert capsys.readouterr().out.splitlines() == ["  gpu-1: would nothing gpu-2: would go\\x1b[2J"]


class Works(ControllerActionBase):
    """An action whose options are these."""

    OPTIONS = {"days": {"type": "int"}, "authority": {"type": "dict", "options": {"roots": {"type": "list"}}}}

    def work(self, options, task_vars):
        return {"options": options}


def task(kind, **arguments):
    """What a task with these arguments ends with; its host is never reached."""
    action = kind.__new__(kind)
    action._task = SimpleNamespace(args=arguments, action="edgesite.gpu.it", async_val=0, check_mode=False)
    action._connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir="/tmp/x"))
    action._execute_module = None
    return action.run(task_vars={"ansible_facts": {}})


@pytest.mark.parametrize("kind", [Works, HostActionBase])
@pytest.mark.parametrize("value", ["a\0b", "\udcff", math.inf, {"roots": [1 << 20000]}])
def test_what_nothing_can_hold_goes_no_further(kind, value):
    result = task(kind, authority=value)
    assert result["failed"] and result["msg"].startswith("The option 'authority' has ")


def test_options_that_ansible_cannot_judge_are_named():
    assert task(Works, days=1)["options"]["days"] == 1
    result = task(Works, days="inf")
    assert result["failed"] and result["msg"].startswith("The option days has a value of the wrong form")
    assert "ansible-doc edgesite.gpu.it" in result["msg"]
    assert "a number that is too large" in task(Works, days="9" * 5000)["msg"]
