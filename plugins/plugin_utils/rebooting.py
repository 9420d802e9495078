# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions that reboot the host where their module's change waits for it, and run the module again."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping

from ansible.module_utils.common.validation import check_type_int

from ..module_utils.common import disruption, limits
from ..module_utils.common.errors import EdgesiteError, shown
from ..module_utils.converge import BOOT, BOOTS
from ..module_utils.site import host_answer
from .actions import HostActionBase, RunModule

_SECONDS = 900
# A change after the first boot may wait for another one, as a power mode of a new JetPack does.
_MOST = 3
# Of a host that foresees more, it is not believed.
_FORESEEN = 10
_REBOOT = {"does": "reboot", **disruption.by(disruption.REBOOT)}
# SSH answers before boot units are done. Whether these succeeded, the module tells.
_BOOTED = "timeout {0} systemctl is-system-running --wait || true"


class RebootingActionBase(HostActionBase):
    """Where the module tells of reboot_required, reboots the host and runs it again; both are one result.

    Options of the module that the action goes by: allow_reboot, whether it may (false without it); reboot_timeout,
    seconds that the host may take.
    """

    def run_with(self, run_module: RunModule) -> Dict[str, Any]:
        seconds = self._patience()
        result = super().run_with(run_module)
        if self._task.check_mode:
            return self.foresee(result)
        if not self._reboots(result):
            return result
        for _time in range(_MOST):
            before = result
            failure = self._reboot(seconds)
            if failure:
                return {**before, "failed": True, "msg": failure}
            after = super().run_with(run_module)
            result = _both(before, after)
            if after.get("failed"):
                return result
            try:
                self.check_booted(before, after)
            except EdgesiteError as error:
                return {**result, "failed": True, "msg": str(error)}
            if not self._reboots(result):
                return result
            if not after.get("actions"):
                break
        return {
            **result,
            "failed": True,
            "msg": "The host was rebooted, but the change still waits for a reboot. {0}".format(
                result.get("msg") or "Run 'journalctl -b -p warning' on the host."
            ),
        }

    def foresee(self, result: Dict[str, Any]) -> Dict[str, Any]:
        if not self._reboots(result):
            return _without_reboot(result)
        flaw = _of_boots(result)
        if flaw:
            raise host_answer.nonsense(self._task_vars["inventory_hostname"], flaw)
        return _with_reboots(result)

    def _patience(self) -> int:
        """Seconds that a reboot may take. What is no number at all is left to the module."""
        given = self._task.args.get("reboot_timeout")
        try:
            seconds = _SECONDS if given is None else check_type_int(given)
        except (TypeError, ValueError):
            return _SECONDS
        return limits.timeout("reboot_timeout", seconds)

    def _reboot(self, seconds: int) -> str:
        """Reboots the host; why that failed, empty where it did not."""
        rebooted = self.run_action(
            "ansible.builtin.reboot",
            {
                "reboot_timeout": seconds,
                "test_command": _BOOTED.format(seconds),
                "msg": "Reboot by edgesite.gpu, for a change that needs it",
            },
        )
        if rebooted.get("failed"):
            return "The host did not come back from its reboot: {0}".format(
                rebooted.get("msg") or "the host gives no reason"
            )
        # What was sent there may be gone with the old boot.
        self._connection._shell.tmpdir = None
        return ""

    def may_reboot(self, result: Mapping[str, Any]) -> bool:
        """Whether nothing that the module found on the host speaks against it."""
        return True

    def check_booted(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> None:
        """Raises EdgesiteError where the host did not come up with what the first run left for its boot."""

    def _reboots(self, result: Mapping[str, Any]) -> bool:
        return (
            bool(result.get("reboot_required"))
            and not result.get("failed")
            and self.flag("allow_reboot", False)
            # The controller itself: it could not look afterwards.
            and self._connection.transport != "local"
            and self.may_reboot(result)
        )


def _of_boots(result: Mapping[str, Any]) -> str:
    """What is wrong with the reboots that a module foresees: a host may name as many as fill the memory."""
    told = [result.get(BOOTS, 1), *(action.get(BOOT, 0) for action in result.get("actions", []))]
    wrong = [one for one in told if type(one) is not int or not 0 <= one <= _FORESEEN]
    return "it foresees {0} as the number of reboots".format(shown(wrong[0])) if wrong else ""


def _without_reboot(result: Dict[str, Any]) -> Dict[str, Any]:
    """The result of check mode without what comes after a reboot that this run will not do."""
    if not result.get("reboot_required") or result.get("failed"):
        return result
    actions = [action for action in result.get("actions", []) if action.get("after") != disruption.REBOOT]
    return {**result, "changed": bool(actions), "actions": actions}


def _with_reboots(result: Mapping[str, Any]) -> Dict[str, Any]:
    """The result of check mode, with each reboot before what comes after it."""
    told: List[Dict[str, Any]] = []
    boots = 0
    for action in result.get("actions", []):
        behind = action.get(BOOT, 1 if action.get("after") == disruption.REBOOT else 0)
        told += [_REBOOT] * (behind - boots)
        boots = max(boots, behind)
        told.append({name: value for name, value in action.items() if name != BOOT})
    told += [_REBOOT] * (result.get(BOOTS, 1) - boots)
    return {**{name: value for name, value in result.items() if name != BOOTS}, "changed": True, "actions": told}


def _both(first: Mapping[str, Any], second: Mapping[str, Any]) -> Dict[str, Any]:
    after = [{**disruption.after(disruption.REBOOT), **action} for action in second.get("actions", [])]
    told = {
        **second,
        "changed": True,
        "actions": [*first.get("actions", []), _REBOOT, *after],
    }
    if "before" in first:
        told["before"] = first["before"]
        told["diff"] = {"before": first["before"], "after": second.get("after", {})}
    return told
