# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of edgesite.gpu.mig_layout: reads the file that from_file names."""

from __future__ import annotations

from typing import Any, Mapping

from ansible.errors import AnsibleActionFail
from ansible_collections.edgesite.gpu.plugins.plugin_utils import parted_file
from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import NvmlActionBase
from ansible_collections.edgesite.gpu.plugins.plugin_utils.rebooting import RebootingActionBase


class ActionModule(RebootingActionBase, NvmlActionBase):
    """See RebootingActionBase and NvmlActionBase."""

    def prepare(self) -> None:
        name = self._task.args.pop("from_file", None)
        if name is not None:
            if "mig_parted" in self._task.args:
                raise AnsibleActionFail("from_file and mig_parted are both given. Remove one of the two.")
            self._task.args["mig_parted"] = parted_file.document(self._find_needle("files", str(name)), "from_file")
        super().prepare()

    def may_reboot(self, result: Mapping[str, Any]) -> bool:
        # A reboot ends them all.
        return not result.get("holders") or self._task.args.get("disruption") == "force"
