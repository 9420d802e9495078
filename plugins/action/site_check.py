# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of edgesite.gpu.site_check."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Sequence

from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.site import layers, problem
from ansible_collections.edgesite.gpu.plugins.plugin_utils import inventory_guard
from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import ControllerActionBase
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import judgement
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site.judgement import Judgement, Scope

_LAYERS = [layer.name for layer in layers.LAYERS]
# Tags of the playbooks besides those of layers, and Ansible's own
_TAGS = {*_LAYERS, "facts", "report", "all", "always", "never", "tagged", "untagged"}


class ActionModule(ControllerActionBase):
    """Judges the hosts' variables, what they name on the controller, and, where they were read, what hosts have."""

    OPTIONS = {
        "hosts": {"type": "list", "elements": "str"},
        "facts": {"type": "bool", "default": False},
        "report_file": {"type": "str"},
    }

    def work(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        hosts = options["hosts"]
        if hosts is None:
            hosts = [task_vars["inventory_hostname"]]
        if not hosts:
            raise EdgesiteError(
                "No host of the inventory is selected, so nothing would be done",
                "Look at edgesite_hosts (the group edgesite by default), --limit and -i; 'ansible-inventory --graph' "
                "shows the inventory",
            )
        chosen = _chosen(task_vars.get("ansible_run_tags") or ["all"], task_vars.get("ansible_skip_tags") or [])
        for host in hosts:
            inventory_guard.check_host(task_vars, host)
        found = judgement.judge(task_vars["hostvars"], hosts, Scope(chosen, options["facts"], self._find))
        result: Dict[str, Any] = {
            "problems": [problem.as_dict(one) for one in found.problems],
            "notes": found.notes,
            "checked": found.checked,
            "unchecked": found.unchecked,
            "failed": bool(found.problems),
            "msg": _words(found),
        }
        if options["report_file"]:
            _write(
                options["report_file"], {name: result[name] for name in ("problems", "notes", "checked", "unchecked")}
            )
        return result

    def _find(self, path: str) -> str:
        return str(self._find_needle("files", path))


def _chosen(wanted: Sequence[str], skipped: Sequence[str]) -> List[str]:
    """The layers that tags select."""
    unknown = sorted(({*wanted} | {*skipped}) - _TAGS)
    if unknown:
        raise EdgesiteError(
            "No task has the tag {0}".format(", ".join(unknown)),
            "Tags are {0}".format(", ".join(["facts", *_LAYERS, "report"])),
        )
    everything = {"all", "tagged"} & {*wanted}
    return [name for name in _LAYERS if (everything or name in wanted) and name not in skipped]


def _words(found: Judgement) -> List[str]:
    told = problem.told(found.problems) if found.problems else ["No problems found."]
    told += ["note: {0}.".format(note) for note in found.notes]
    told.append("Checked: {0}.".format("; ".join(found.checked)))
    return [*told, "Not checked: {0}.".format("; ".join(found.unchecked))]


def _write(path: str, result: Mapping[str, Any]) -> None:
    try:
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(json.dumps(result, indent=4, sort_keys=True) + "\n")
    except OSError as error:
        raise EdgesiteError(
            "edgesite_report_file {0} cannot be written: {1}".format(path, error.strerror), "Give another path"
        ) from error
