# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of edgesite.gpu.host_converge."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Sequence

from ansible.errors import AnsibleConnectionFailure
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.site import host_look, host_run, plan_apply, plan_stage
from ansible_collections.edgesite.gpu.plugins.plugin_utils import time_limit
from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import HostActionBase
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import host_layers, looking, planned, role_task
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site.looking import Seen

_LOOK_SECONDS = 600
# Of a layer whose role has no limit
_SECONDS = 1800
_HANGS = "Find out what hangs on the host, such as with 'ps -e -o pid,state,wchan:30,args', and run again"


class ActionModule(HostActionBase):
    """Looks once, then runs the layers that have something to do, with the values that the look was rendered with."""

    def answer(self, task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        self._task_vars = task_vars
        plan = planned.of(self)
        if plan is not None and plan.entry is None:
            return {"changed": False, "failed": plan.failed, "skipped": not plan.failed, "msg": plan.why}
        self._mine = host_layers.of(self, self._task.args.get("select"))
        self._rendered = looking.render(self, self._mine)
        seen = self._look()
        if plan is not None and plan.entry is not None:
            done = self._apply(plan.entry, seen)
        elif self._task.check_mode:
            done = seen.told
        else:
            done = host_run.run(seen.plan["layers"], seen.told, lambda name: self._layer(name, seen))
        if self._task.check_mode:
            self._say_all(seen.plan["layers"])
        result = host_run.result(done)
        return {**result, "facts": seen.plan["facts"], "left": seen.plan["left"], "called": self._mine.called}

    def _look(self) -> Seen:
        tcti = self.templar.template(self._task_vars.get("edgesite_tpm_tcti", "")) or None
        with time_limit.limit(_LOOK_SECONDS, "The look at the host", _HANGS):
            return looking.look(self, self._rendered, self._mine.called, {"tpm_tcti": tcti})

    def _apply(self, entry: Dict[str, Any], seen: Seen) -> Dict[str, Any]:
        """Results by layer of doing exactly what a plan has for the host. Raises where the host differs."""
        host = self._task_vars["inventory_hostname"]
        stage = plan_stage.first(entry, host_look.of_result(host, seen.plan))
        if stage.differs:
            raise planned.refused(self, stage.differs)
        if self._task.check_mode:
            return seen.told
        return plan_apply.run(
            stage,
            seen.told,
            lambda name: self._layer(name, seen, plan_stage.reboots(stage.left, name)),
            lambda: host_look.of_result(host, self._look().plan),
            lambda differs: planned.refused(self, differs),
        )

    def _say_all(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """What would be done."""
        for entry in entries:
            for action in entry["actions"]:
                self.say("{0}: would {1}".format(entry["layer"], action["does"]))

    def _layer(self, name: str, seen: Seen, may_reboot: bool = True) -> Dict[str, Any]:
        """The result of a layer, or of the host tools. may_reboot: where its own option allows it."""
        asked = seen.asked.get(name)
        what = role_task.read(name).name if asked else "Install the programs that boot units run"
        self.say("{0}: {1}".format(name, what))
        try:
            with time_limit.limit(asked.timeout or _SECONDS if asked else _SECONDS, "The layer " + name, _HANGS):
                if asked is None:
                    return self.run_action("edgesite.gpu.host_tools", {})
                refused = {} if may_reboot or "allow_reboot" not in asked.args else {"allow_reboot": False}
                return self.run_action(role_task.read(name).module, {**asked.args, **refused})
        except EdgesiteError as error:
            return {**error.details, "failed": True, "msg": str(error)}
        except AnsibleConnectionFailure as error:
            return {"unreachable": True, "msg": str(error)}
