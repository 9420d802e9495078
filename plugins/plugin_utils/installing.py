# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions that install what their module misses on the host, and run it again."""

from __future__ import annotations

from typing import Any, Dict, List

from ansible.module_utils.common.validation import check_type_list

from ..module_utils.common.disruption import NONE, by
from ..module_utils.common.errors import printable
from .actions import HostActionBase, RunModule

MISSING = "missing_packages"


class InstallingActionBase(HostActionBase):
    """Where the module tells of missing_packages, has them installed and runs it again.

    Options of the module that the action goes by: install, whether it may (true without it); packages, what is
    installed instead of what the module names.
    """

    def run_with(self, run_module: RunModule) -> Dict[str, Any]:
        result = super().run_with(run_module)
        missing = result.get(MISSING)
        if not missing or not self.flag("install", True):
            return result
        packages = _names(self._task.args.get("packages") or missing)
        told = {"does": printable("install {0}".format(", ".join(packages))), **by(NONE)}
        if self._task.check_mode:
            return self.foreseen(result, told)
        installed = self.run_action("ansible.builtin.package", {"name": packages, "state": "present"})
        if installed.get("failed"):
            why = installed.get("msg") or "the package manager gives no reason"
            return {**result, "failed": True, "msg": "Cannot install {0}: {1}".format(", ".join(packages), why)}
        last = super().run_with(run_module)
        return after(last, [told]) if installed.get("changed") else last

    def foreseen(self, result: Dict[str, Any], told: Dict[str, Any]) -> Dict[str, Any]:
        """What check mode says where packages would be installed first: without them a module may not see further."""
        seen = {name: value for name, value in result.items() if name not in ("failed", "msg")}
        return after({**seen, "changed": True}, [told])


def _names(packages: Any) -> List[str]:
    """As the module has taken them."""
    found = packages if isinstance(packages, list) else check_type_list(str(packages))
    return [str(one) for one in found]


def after(result: Dict[str, Any], actions: List[Dict[str, Any]]) -> Dict[str, Any]:
    """The result with what the action itself did before."""
    return {**result, "changed": True, "actions": [*actions, *result.get("actions", [])]}
