# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps hosts' recovery keys on the controller: edgesite.gpu.recovery_escrow."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.plugin_utils import recovery_escrow
from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import ControllerActionBase


class ActionModule(ControllerActionBase):
    """Checks all that the host says before it writes any of it."""

    OPTIONS = {
        "folder": {"type": "path", "required": True},
        "volumes": {"type": "list", "elements": "dict", "required": True},
    }

    def work(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        folder, host = options["folder"], task_vars["inventory_hostname"]
        recovery_escrow.check_host(host)
        keys = recovery_escrow.keys(host, options["volumes"])
        try:
            missing = recovery_escrow.missing(folder, host, keys)
            if not self._task.check_mode:
                for key in missing:
                    recovery_escrow.keep(folder, host, key)
        except OSError as error:
            raise EdgesiteError(
                "Cannot work in {0}, the option folder: {1}".format(folder, error.strerror or error),
                "Give a folder on the controller that lasts, has free space, and that the playbook's user can write to",
            ) from error
        return {"changed": bool(missing), "kept": ["{0}.pem".format(key.uuid) for key in missing]}
