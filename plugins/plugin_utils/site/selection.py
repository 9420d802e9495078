# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run selects, by what no host says: the hosts of its plays, and the tags that the user allows."""

from __future__ import annotations

from typing import Any, List, Mapping, Sequence

from ...module_utils.common.errors import EdgesiteError
from .. import inventory_guard
from . import tags


def hosts(task_vars: Mapping[str, Any]) -> List[str]:
    """The hosts of the site's plays. Only -e sets their pattern, as Ansible reads it before it knows a host."""
    hostvars = task_vars["hostvars"]
    pattern = hostvars._variable_manager.extra_vars.get("edgesite_hosts", "edgesite")
    return [str(host) for host in hostvars._inventory.get_hosts(pattern, ignore_restrictions=True)]


def check_hosts(selected: Sequence[str]) -> None:
    """Raises where there are none, which Ansible itself takes for success."""
    if not selected:
        raise EdgesiteError(
            "The run has no hosts, so it would do nothing",
            "Check edgesite_hosts (default: the group edgesite), --limit and -i; "
            "'ansible-inventory --graph' shows the groups and hosts of the inventory",
        )


def tags_allowed(task_vars: Mapping[str, Any]) -> Sequence[str]:
    """Those of the first host whose facts do not stand in for variables."""
    for host in hosts(task_vars):
        try:
            inventory_guard.check_host(task_vars, host)
        except EdgesiteError:
            continue
        return list(task_vars["hostvars"][host].get(tags.ALLOWED) or [])
    return []
