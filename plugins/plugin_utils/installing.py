# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions that install what their module misses on the host, and run it again."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence

from ansible.module_utils.common.validation import check_type_list

from ..module_utils.common.disruption import NONE, by
from ..module_utils.common.errors import EdgesiteError, printable
from .actions import HostActionBase, RunModule

MISSING = "missing_packages"
_PACKAGE = "ansible.builtin.package"
_FIX = "Add a package source that has them to the host, or mend the one that it has, and run again"


class InstallingActionBase(HostActionBase):
    """Where the module tells of missing_packages, has them installed and runs it again.

    Options of the module that the action goes by: install, whether it may (true without it); packages, what is
    installed instead of what the module names.
    """

    def run_with(self, run_module: RunModule) -> Dict[str, Any]:
        result = super().run_with(run_module)
        if self._task.check_mode:
            return self.foresee(result)
        packages = self._lacking(result)
        if not packages:
            return result
        installed = self._install(packages)
        if installed.get("failed"):
            why = str(installed.get("msg") or "the package manager gives no reason")
            msg = str(EdgesiteError("Cannot install {0}: {1}".format(", ".join(packages), why), _FIX))
            return {**result, "failed": True, "msg": msg}
        last = super().run_with(run_module)
        return after(last, [_told(packages)]) if installed.get("changed") else last

    def _install(self, packages: List[str]) -> Dict[str, Any]:
        """The package manager's result. It may know of the packages only once it has read its sources again."""
        asked = {"name": packages, "state": "present"}
        done = self.run_action(_PACKAGE, asked)
        return self.run_action(_PACKAGE, {**asked, "update_cache": True}) if done.get("failed") else done

    def foresee(self, result: Dict[str, Any]) -> Dict[str, Any]:
        """Without packages that would be installed first, a module may not see further."""
        packages = self._lacking(result)
        if not packages:
            return result
        seen = {name: value for name, value in result.items() if name not in ("failed", "msg")}
        return after({**seen, "changed": True}, [_told(packages)])

    def _lacking(self, result: Mapping[str, Any]) -> List[str]:
        """What would be installed."""
        missing = result.get(MISSING)
        return _names(self._task.args.get("packages") or missing) if missing and self.flag("install", True) else []


def _told(packages: Sequence[str]) -> Dict[str, Any]:
    return {"does": printable("install {0}".format(", ".join(packages))), **by(NONE)}


def _names(packages: Any) -> List[str]:
    """As the module has taken them."""
    found = packages if isinstance(packages, list) else check_type_list(str(packages))
    return [str(one) for one in found]


def after(result: Dict[str, Any], actions: List[Dict[str, Any]]) -> Dict[str, Any]:
    """The result with what the action itself did before."""
    return {**result, "changed": True, "actions": [*actions, *result.get("actions", [])]}
