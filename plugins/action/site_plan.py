# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of edgesite.gpu.site_plan."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping

from ansible.utils.display import Display
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.site import (
    host_look,
    plan_file,
    plan_hosts,
    plan_json,
    plan_markdown,
    plan_sums,
    plan_text,
)
from ansible_collections.edgesite.gpu.plugins.plugin_utils import inventory_guard
from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import ControllerActionBase
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import (
    chosen,
    plan_proof,
    plan_run,
    plan_select,
    plan_store,
    report_file,
    this_run,
)

# The variables that the playbooks plan and site register on each host
_LOOKS = ["edgesite_plan", "edgesite_result"]
_KEPT = "The plan is kept in {0}, to be applied before {1}. Its SHA-256 is {2}"


class ActionModule(ControllerActionBase):
    """Shows the plan of a site, and keeps it; fails where it has problems."""

    OPTIONS = {
        "hosts": {"type": "list", "elements": "str", "required": True},
        "registered": {"type": "str", "choices": _LOOKS, "default": _LOOKS[0]},
        "report_file": {"type": "str"},
        "plan_out": {"type": "str"},
        "plan_key": {"type": "str", "no_log": True},
        "plan_expires": {"type": "str"},
        "select": {"type": "str"},
        "exit_on_changes": {"type": "bool", "default": False},
    }

    def guard(self, task_vars: Mapping[str, Any]) -> None:
        """A host that lies must not stop the plan of the others, for which it may stand with run_once."""
        inventory_guard.check_host(task_vars, "localhost")

    def work(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        hostvars = task_vars["hostvars"]
        hosts = chosen.hosts(options["hosts"], hostvars)
        results = {host: _registered(task_vars, host, options["registered"]) for host in hosts}
        looks = [look for host, result in results.items() for look in host_look.of_run(host, result)]
        document = plan_json.document(looks)
        self._show(looks, document, options)
        kept = self._keep(looks, options, task_vars) if options["plan_out"] else {}
        sums = plan_sums.of(plan_hosts.of(looks))
        why = plan_sums.failure(sums, options["exit_on_changes"])
        if why:
            # Without the plan, as Ansible would show all of it.
            return {"changed": False, "failed": True, "msg": why, **kept}
        return {"changed": False, "msg": plan_sums.told(sums), "plan": document, **kept}

    def _show(self, looks: List[Any], document: Dict[str, Any], options: Mapping[str, Any]) -> None:
        if options["select"]:
            found = plan_select.select(document, options["select"])
            shown = [_as_json(found), *plan_select.told(options["select"], found)]
        else:
            shown = plan_text.lines(looks)
        Display().display("\n".join(shown))
        if options["report_file"]:
            report_file.write(options["report_file"], _report(options["report_file"], looks, document))

    def _keep(self, looks: List[Any], options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        """Writes the plan that site applies."""
        run = this_run.of(task_vars)
        head = plan_run.head(run, this_run.limit(task_vars), options["plan_expires"] or "24h")
        path = options["plan_out"]
        made = plan_file.made(looks, head)
        sha256 = plan_store.write(path, made, plan_proof.checked_key(options["plan_key"]))
        Display().display(_KEPT.format(path, made["expires"], sha256))
        return {"plan_sha256": sha256}


def _registered(task_vars: Mapping[str, Any], host: str, name: str) -> Any:
    """What a host's task ended with, which facts would stand in for where it had none."""
    try:
        inventory_guard.check_host(task_vars, host)
    except EdgesiteError as error:
        return {"failed": True, "msg": str(error)}
    return task_vars["hostvars"].raw_get(host).get(name)


def _report(path: str, looks: List[Any], document: Mapping[str, Any]) -> str:
    return plan_markdown.text(looks) if path.endswith(".md") else _as_json(document) + "\n"


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True)
