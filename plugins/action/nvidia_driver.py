# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of edgesite.gpu.nvidia_driver: reads the mirror's key."""

from __future__ import annotations

import os
from typing import Any, Dict

from ansible.module_utils.common.validation import check_type_path
from ansible_collections.edgesite.gpu.plugins.plugin_utils import mirror_key
from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import NvmlActionBase, RunModule
from ansible_collections.edgesite.gpu.plugins.plugin_utils.rebooting import RebootingActionBase
from ansible_collections.edgesite.gpu.plugins.plugin_utils.waiting import WaitingActionBase


class ActionModule(RebootingActionBase, WaitingActionBase, NvmlActionBase):
    """Waits for the host, reboots it where that is needed and allowed, and goes on."""

    def prepare(self) -> None:
        if self._connection.transport == "local":
            # Whether a driver that is in use is replaced depends on it.
            self._task.args["allow_reboot"] = False
        mirror = self._task.args.get("mirror")
        if isinstance(mirror, dict) and mirror.get("key") and not mirror.get("key_base64"):
            self._task.args["mirror"] = {**mirror, "key_base64": mirror_key.read(check_type_path(mirror["key"]))}
        super().prepare()

    def without_pynvml(self, _result: Dict[str, Any], run_module: RunModule) -> Dict[str, Any]:
        # It can do without: programs that hold a device file are found all the same.
        return run_module({"pynvml_path": os.devnull})
