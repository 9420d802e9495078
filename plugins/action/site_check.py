# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of edgesite.gpu.site_check."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Sequence

from ansible.errors import AnsibleError
from ansible.utils.display import Display
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError, shown
from ansible_collections.edgesite.gpu.plugins.module_utils.site import problem
from ansible_collections.edgesite.gpu.plugins.plugin_utils import inventory_guard
from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import ControllerActionBase
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import judgement, tags
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site.evaluated import Evaluated, of_host
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
        if self._task.args.get("variables") is not False:
            super().guard(task_vars)

    def work(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        if not options["variables"]:
            return self._selection(options["hosts"] or [], task_vars)
        own: str = task_vars["inventory_hostname"]
        whole = options["hosts"] is not None
        hosts = options["hosts"] if whole else [own]
        _check_hosts(hosts)
        unknown = [name for name in hosts if name not in task_vars["hostvars"]]
        if unknown:
            raise EdgesiteError(
                "hosts has {0}, which is not a host of the inventory".format(shown(unknown[0])),
                "Give names that 'ansible-inventory --graph' shows",
            )
        chosen = tags.layers(task_vars, self._task.tags)
        if whole:
            given = {host: of_host(host, hosts, task_vars["hostvars"], self._templar) for host in hosts}
        else:
            given = {own: Evaluated(task_vars, self._templar)}
        scope = Scope(chosen, options["facts"], self._find, lambda host: inventory_guard.check_host(task_vars, host))
        found = judgement.judge(given, hosts, scope)
        if whole:
            # Lines of their own, as Ansible shows a list as it is written in Python
            Display().display("\n".join(_lines(found)))
        if options["report_file"]:
            _write(options["report_file"], found)
        if not whole:
            return {"failed": bool(found.problems), "msg": _in_one(found), "layers": found.called[own]}
        return {"failed": bool(found.problems), "msg": problem.count(found.problems)}

    def _selection(self, hosts: Sequence[str], task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        try:
            super().guard(task_vars)
        except EdgesiteError:
            # The plays that follow refuse this host; here, where it is the first of all, it must not stop the others.
            return {}
        _check_hosts(hosts)
        tags.layers(task_vars, self._task.tags)
        return {}

    def _find(self, path: str) -> str:
        try:
            return str(self._find_needle("files", path))
        except AnsibleError:
            # which is said by who reads it
            return path


def _check_hosts(hosts: Sequence[str]) -> None:
    if not hosts:
        raise EdgesiteError(
            "The run has no hosts, so it would do nothing",
            "Check edgesite_hosts (default: the group edgesite), --limit and -i; "
            "'ansible-inventory --graph' shows the groups and hosts of the inventory",
        )


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


def _write(path: str, found: Judgement) -> None:
    text = json.dumps(
        {
            "problems": [problem.as_dict(one) for one in found.problems],
            "notes": found.notes,
            "checked": found.checked,
            "unchecked": found.unchecked,
        },
        indent=4,
        sort_keys=True,
    )
    try:
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text + "\n")
    except OSError as error:
        raise EdgesiteError(
            "edgesite_report_file {0} cannot be written: {1}".format(path, error.strerror), "Give another path"
        ) from error
