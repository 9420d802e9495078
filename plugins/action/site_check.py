# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of edgesite.gpu.site_check."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping

from ansible.errors import AnsibleError
from ansible.utils.display import Display
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.site import problem
from ansible_collections.edgesite.gpu.plugins.plugin_utils import inventory_guard
from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import ControllerActionBase
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import chosen, judgement, report_file, tags
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site.evaluated import Evaluated, OfHosts
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site.judgement import Judgement, Scope


class ActionModule(ControllerActionBase):
    """Judges the hosts' variables, what they name on the controller, and, where they were read, what hosts have."""

    OPTIONS = {
        "hosts": {"type": "list", "elements": "str"},
        "variables": {"type": "bool", "default": True},
        "facts": {"type": "bool", "default": False},
        "report_file": {"type": "str"},
    }

    def guard(self, task_vars: Mapping[str, Any]) -> None:
        """A host that lies must not stop the judgement of the others, for which it may stand with run_once.

        The playbooks ask localhost which hosts there are and where the report goes.
        """
        if self._task.args.get("hosts") is None:
            super().guard(task_vars)
        else:
            inventory_guard.check_host(task_vars, "localhost")

    def work(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        if options["hosts"] is None:
            return self._one(options, task_vars)
        hosts = chosen.hosts(options["hosts"], task_vars["hostvars"])
        given = OfHosts(hosts, task_vars["hostvars"], self._templar)
        scope = self._scope(options, task_vars, given)
        return self._whole(judgement.judge(given, hosts, scope), options) if options["variables"] else {}

    def _one(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        host: str = task_vars["inventory_hostname"]
        given = {host: Evaluated(task_vars, self._templar)}
        scope = self._scope(options, task_vars, given)
        if not options["variables"]:
            return {}
        found = judgement.judge(given, [host], scope)
        self._write(options, found)
        return {"failed": bool(found.problems), "msg": _in_one(found), "layers": found.called[host]}

    def _whole(self, found: Judgement, options: Mapping[str, Any]) -> Dict[str, Any]:
        # Lines of their own, as Ansible shows a list as it is written in Python
        Display().display("\n".join(_lines(found)))
        self._write(options, found)
        return {"failed": bool(found.problems), "msg": problem.count(found.problems)}

    def _scope(self, options: Mapping[str, Any], task_vars: Mapping[str, Any], given: Mapping[str, Any]) -> Scope:
        def guard(host: str) -> None:
            inventory_guard.check_host(task_vars, host)

        return Scope(tags.layers(task_vars, self._task.tags, given, guard), options["facts"], self._find, guard)

    def _write(self, options: Mapping[str, Any], found: Judgement) -> None:
        if options["report_file"]:
            report_file.write(options["report_file"], _report(found))

    def _find(self, path: str) -> str:
        try:
            return str(self._find_needle("files", path))
        except AnsibleError:
            # which is said by who reads it
            return path


def _lines(found: Judgement) -> List[str]:
    return [
        problem.count(found.problems),
        *problem.told(found.problems),
        *("note: {0}.".format(note) for note in found.notes),
        "Checked: {0}.".format("; ".join(found.checked)),
        "Not checked: {0}.".format("; ".join(found.unchecked)),
    ]


def _in_one(found: Judgement) -> str:
    """The problems of one host in a text, as the report has it."""
    return " ".join(str(EdgesiteError(one.problem, one.fix)) for one in found.problems) or "No problems found"


def _report(found: Judgement) -> str:
    document = {
        "problems": [problem.as_dict(one) for one in found.problems],
        "notes": found.notes,
        "checked": found.checked,
        "unchecked": found.unchecked,
    }
    return json.dumps(document, indent=4, sort_keys=True) + "\n"
