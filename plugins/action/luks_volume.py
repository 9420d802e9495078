# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of edgesite.gpu.luks_volume: keeps the recovery keys that it returns."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Sequence

from ansible.module_utils.common.validation import check_type_path
from ansible_collections.edgesite.gpu.plugins.module_utils.common.disruption import NONE, by
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import printable
from ansible_collections.edgesite.gpu.plugins.plugin_utils import recovery_escrow
from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import RunModule
from ansible_collections.edgesite.gpu.plugins.plugin_utils.installing import InstallingActionBase


class ActionModule(InstallingActionBase):
    """See InstallingActionBase."""

    def run_with(self, run_module: RunModule) -> Dict[str, Any]:
        result = super().run_with(run_module)
        return result if self._task.check_mode else self._kept(result)

    def prepare(self) -> None:
        folder = self._task.args.get("escrow_dir")
        if folder is not None:
            recovery_escrow.check_folder(str(folder), "escrow_dir")
            recovery_escrow.check_host(self._task_vars["inventory_hostname"])
        super().prepare()

    def foresee(self, result: Dict[str, Any]) -> Dict[str, Any]:
        return self._kept(super().foresee(result))

    def _kept(self, result: Dict[str, Any]) -> Dict[str, Any]:
        """The result with the recovery keys that were stored, or would be in check mode."""
        folder, host = self._task.args.get("escrow_dir"), self._task_vars["inventory_hostname"]
        if folder is None or result.get("failed"):
            return result
        place, volumes = check_type_path(folder), result.get("volumes") or []
        kept = recovery_escrow.keep_all(place, host, volumes, self._task.check_mode)
        told = [_told(volume) for volume in volumes if self._is_kept(volume, kept)]
        return {
            **result,
            "actions": [*result.get("actions", []), *told],
            "changed": bool(result.get("changed")) or bool(told),
        }

    def _is_kept(self, volume: Mapping[str, Any], kept: Sequence[recovery_escrow.Key]) -> bool:
        """A key that check mode foresees is one that the controller does not have."""
        foreseen = self._task.check_mode and volume.get("recovery") == ""
        return foreseen or volume.get("uuid") in [key.uuid for key in kept]


def _told(volume: Mapping[str, Any]) -> Dict[str, Any]:
    """By the volume's name: a volume that is still to be made has no UUID yet."""
    does = "store the recovery key of {0} on the controller".format(printable(str(volume.get("name"))))
    return {"does": does, **by(NONE), "uuid": volume.get("uuid")}
