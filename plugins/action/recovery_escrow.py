# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps hosts' recovery keys on the controller: edgesite.gpu.recovery_escrow."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from ansible_collections.edgesite.gpu.plugins.plugin_utils import recovery_escrow
from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import ControllerActionBase


class ActionModule(ControllerActionBase):
    """Checks all that the host says before it writes any of it."""

    OPTIONS = {
        "folder": {"type": "path", "required": True},
        "volumes": {"type": "list", "elements": "dict", "required": True},
    }

    def work(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        host = task_vars["inventory_hostname"]
        recovery_escrow.check_folder(options["folder"], "folder")
        kept = recovery_escrow.keep_all(options["folder"], host, options["volumes"], self._task.check_mode)
        return {"changed": bool(kept), "kept": [key.file for key in kept]}
