# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of edgesite.gpu.host_converge."""

from __future__ import annotations

from typing import Any, Dict, Mapping, NamedTuple

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.site import (
    host_answer,
    host_look,
    host_run,
    plan_apply,
    plan_stage,
)
from ansible_collections.edgesite.gpu.plugins.plugin_utils import time_limit
from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import HostActionBase
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import host_layers, looking, planned, role_task
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site.looking import Asked, Seen

_LOOK_SECONDS = 600
# Of a layer whose role has no limit
_SECONDS = 1800
_HANGS = "Find out what hangs on the host, such as with 'ps -e -o pid,state,wchan:30,args', and run again"


class Work(NamedTuple):
    """What brings a layer about. does: in words. module: its full name."""

    does: str
    module: str
    args: Mapping[str, Any]
    seconds: int


_TOOLS = Work("Install the programs that boot units run", "edgesite.gpu.host_tools", {}, _SECONDS)


class ActionModule(HostActionBase):
    """Looks once, then runs the layers that have something to do, with the values that the look was rendered with."""

    OPTIONS = host_layers.OPTIONS

    def answer(self, task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        self._task_vars = task_vars
        plan = planned.of(self)
        if plan is not None and plan.entry is None:
            return {"changed": False, "failed": plan.failed, "skipped": not plan.failed, "msg": plan.why}
        self._mine = host_layers.of(self, self.options(self.OPTIONS)["select"])
        seen = self._look()
        if plan is not None and plan.entry is not None:
            done = self._apply(plan.entry, seen)
        elif self._task.check_mode:
            done = seen.told
        else:
            done = host_run.run(seen.plan["layers"], seen.told, lambda name: self._layer(name, seen))
        result = host_run.result(done)
        if self._task.check_mode:
            result["plan"] = seen.plan
        return {**result, "facts": seen.plan["facts"], "left": seen.plan["left"], "called": self._mine.called}

    def _look(self) -> Seen:
        # Anew each time: what is asked may have the time in it.
        rendered = looking.render(self, self._mine)
        with time_limit.limit(_LOOK_SECONDS, "The look at the host", _HANGS):
            return looking.look(self, rendered, self._mine.called)

    def _look_again(self) -> Dict[str, Any]:
        """A look after something was done, which is told of also where the host no longer answers."""
        try:
            found = dict(self._look().plan)
        except AnsibleConnectionFailure as error:
            found = {"unreachable": True, "msg": str(error)}
        except (EdgesiteError, AnsibleError) as error:
            found = {"failed": True, "msg": str(error)}
        return host_look.of_result(self._task_vars["inventory_hostname"], found)

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
            self._look_again,
            lambda differs: planned.refused(self, differs),
        )

    def _layer(self, name: str, seen: Seen, may_reboot: bool = True) -> Dict[str, Any]:
        """The result of a layer, or of the host tools. Whatever becomes of it, the others go on.

        may_reboot: where its own option allows it.
        """
        host = self._task_vars["inventory_hostname"]
        work = _TOOLS if name == looking.TOOLS else _work(seen.asked[name])
        refused = {} if may_reboot or "allow_reboot" not in work.args else {"allow_reboot": False}
        self.say("{0}: {1}".format(name, work.does))
        try:
            with time_limit.limit(work.seconds, "The layer " + name, _HANGS):
                return host_answer.layer(host, name, self.run_action(work.module, {**work.args, **refused}))
        except AnsibleConnectionFailure as error:
            return {"unreachable": True, "msg": str(error)}
        except Exception as error:
            return looking.failure(host, name, error)


def _work(asked: Asked) -> Work:
    task = role_task.read(asked.layer)
    return Work(task.name, task.module, asked.args, asked.timeout or _SECONDS)
