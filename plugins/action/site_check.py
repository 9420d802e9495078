# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of edgesite.gpu.site_check."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping

from ansible.utils.display import Display
from ansible_collections.edgesite.gpu.plugins.module_utils.site import problem
from ansible_collections.edgesite.gpu.plugins.plugin_utils import inventory_guard
from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import ControllerActionBase
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import chosen, judgement, report_file, tags
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site.evaluated import OfHosts
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site.judgement import Judgement, Scope


class ActionModule(ControllerActionBase):
    """Judges the hosts' variables, what they name on the controller, and, where they were read, what hosts have."""

    OPTIONS = {
        "hosts": {"type": "list", "elements": "str", "required": True},
        "variables": {"type": "bool", "default": True},
        "facts": {"type": "bool", "default": False},
        "report_file": {"type": "str"},
    }

    def guard(self, task_vars: Mapping[str, Any]) -> None:
        """A host that lies must not stop the judgement of the others, for which it may stand with run_once.

        The playbooks ask localhost which hosts there are and where the report goes.
        """
        inventory_guard.check_host(task_vars, "localhost")

    def work(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        hosts = chosen.hosts(options["hosts"], task_vars["hostvars"])
        given = OfHosts(hosts, task_vars["hostvars"], self._templar)
        scope = self._scope(options, task_vars, given)
        return self._whole(judgement.judge(given, hosts, scope), options) if options["variables"] else {}

    def _whole(self, found: Judgement, options: Mapping[str, Any]) -> Dict[str, Any]:
        # Lines of their own, as Ansible shows a list as it is written in Python
        Display().display("\n".join(_lines(found)))
        if options["report_file"]:
            report_file.write(options["report_file"], _report(found))
        return {"failed": bool(found.problems), "msg": problem.count(found.problems)}

    def _scope(self, options: Mapping[str, Any], task_vars: Mapping[str, Any], given: Mapping[str, Any]) -> Scope:
        def guard(host: str) -> None:
            inventory_guard.check_host(task_vars, host)

        return Scope(tags.layers(task_vars, self._task.tags, given, guard), options["facts"], self.find, guard)


def _lines(found: Judgement) -> List[str]:
    return [
        problem.count(found.problems),
        *problem.told(found.problems),
        *("note: {0}.".format(note) for note in found.notes),
        "Checked: {0}.".format("; ".join(found.checked)),
        "Not checked: {0}.".format("; ".join(found.unchecked)),
    ]


def _report(found: Judgement) -> str:
    document = {
        "problems": [problem.as_dict(one) for one in found.problems],
        "notes": found.notes,
        "checked": found.checked,
        "unchecked": found.unchecked,
    }
    return json.dumps(document, indent=4, sort_keys=True) + "\n"
