# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What actions of modules that change a host have in common."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import HostActionBase
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
