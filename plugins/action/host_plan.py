# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of edgesite.gpu.host_plan."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import HostActionBase
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import host_layers, looking


class ActionModule(HostActionBase):
    """Renders what the inventory asks for, asks the host once, and says what a run would do there."""

    # What a task may give; the module has more of them, which are set here.
    OPTIONS = {
        **host_layers.OPTIONS,
        "despite_mistakes": {"type": "bool", "default": False},
        "gather": {"type": "list", "elements": "str"},
        "tpm_tcti": {"type": "str"},
    }

    def answer(self, task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        self._task_vars = task_vars
        options = self.options(self.OPTIONS)
        despite_mistakes = options["despite_mistakes"]
        mine = host_layers.of(self, options["select"], despite_mistakes)
        rendered = (looking.render_what_is_left if despite_mistakes else looking.render)(self, mine)
        more = {name: value for name, value in self._task.args.items() if name in ("gather", "tpm_tcti")}
        seen = looking.look(self, rendered, mine.called, more)
        return {"changed": False, "host": task_vars["inventory_hostname"], "status": "read", **seen.plan}
