# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of edgesite.gpu.host_converge."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from ansible.errors import AnsibleConnectionFailure
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.site import host_run
from ansible_collections.edgesite.gpu.plugins.plugin_utils import time_limit
from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import HostActionBase
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import host_layers, looking, role_task
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site.looking import Seen

_LOOK_SECONDS = 600
# Of a layer whose role has no limit
_SECONDS = 1800
_HANGS = "Find out what hangs on the host, such as with 'ps -e -o pid,state,wchan:30,args', and run again"


class ActionModule(HostActionBase):
    """Looks once, then runs the layers that have something to do, with the values that the look was rendered with."""

    def answer(self, task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        self._task_vars = task_vars
        mine = host_layers.of(self, self._task.args.get("select"))
        rendered = looking.render(self, mine)
        with time_limit.limit(_LOOK_SECONDS, "The look at the host", _HANGS):
            seen = looking.look(self, rendered, mine.called, {"tpm_tcti": self._tcti()})
        done = (
            dict(seen.told)
            if self._task.check_mode
            else host_run.run(seen.plan["layers"], seen.told, lambda name: self._layer(name, seen))
        )
        self._say_all(done)
        return {**host_run.result(done), "facts": seen.plan["facts"], "left": seen.plan["left"], "called": mine.called}

    def _tcti(self) -> Any:
        return self.templar.template(self._task_vars.get("edgesite_tpm_tcti", "")) or None

    def _say_all(self, done: Mapping[str, Any]) -> None:
        """In check mode, what would be done."""
        if self._task.check_mode:
            for name, one in done.items():
                for action in () if one.get("failed") else one.get("actions") or ():
                    self.say("{0}: would {1}".format(name, action["does"]))

    def _layer(self, name: str, seen: Seen) -> Dict[str, Any]:
        """The result of a layer, or of the host tools."""
        asked = seen.asked.get(name)
        what = role_task.read(name).name if asked else "Install the programs that boot units run"
        self.say("{0}: {1}".format(name, what))
        try:
            with time_limit.limit(asked.timeout or _SECONDS if asked else _SECONDS, "The layer " + name, _HANGS):
                if asked is None:
                    return self.run_action("edgesite.gpu.host_tools", {})
                return self.run_action(role_task.read(name).module, asked.args)
        except EdgesiteError as error:
            return {**error.details, "failed": True, "msg": str(error)}
        except AnsibleConnectionFailure as error:
            return {"unreachable": True, "msg": str(error)}
