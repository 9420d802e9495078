# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of edgesite.gpu.jetpack: judges what came up after a reboot."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import jetpack_plan
from ansible_collections.edgesite.gpu.plugins.plugin_utils.rebooting import RebootingActionBase
from ansible_collections.edgesite.gpu.plugins.plugin_utils.waiting import WaitingActionBase


class ActionModule(RebootingActionBase, WaitingActionBase):
    """Waits for the host, reboots it where that is needed and allowed, and goes on."""

    def prepare(self) -> None:
        if self._connection.transport == "local":
            # Power mode, clocks and fan are not left for after a reboot that does not come.
            self._task.args["allow_reboot"] = False
        super().prepare()

    def check_booted(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> None:
        if first.get("l4t") and first.get("l4t_waits"):
            jetpack_plan.check_booted(second, first["l4t"]["version"])
