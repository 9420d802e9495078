# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps what hosts say out of what the inventory says.

Any module's result may carry ansible_facts. Ansible makes variables of them that outrank group_vars and host_vars, so a
host could choose paths, commands and names on the controller. Whatever acts for the inventory asks here first.
"""

from __future__ import annotations

import re
from typing import Any, Iterable, List, Mapping, Sequence

from ..module_utils.core.errors import EdgesiteError

# Facts by the names that Ansible's own modules give them: setup, package_facts, service_facts, mount_facts, getent.
_FACT = re.compile(r"(ansible|facter|ohai|getent)_|(module_setup|gather_subset|packages|services|mount_points)\Z")
# Options of connections, shells and become that Ansible also takes from facts: it leaves out others, but not these.
_OPTION = re.compile(
    r"ansible_(admin_users|async_dir|common_remote_group|control_path|control_path_dir|host_key_checking|private_key"
    r"|private_key_passphrase|remote_tmp|runas_[a-z_]+|scp_executable|sftp_batch_mode|sftp_executable"
    r"|shell_allow_world_readable_temp|ssh_host_key_checking|sshpass_prompt|su_[a-z0-9_]+|sudo_[a-z_]+|system_tmpdirs)\Z"
)
_DISCOVERED = "discovered_interpreter_"
_ALLOWED = "edgesite_facts_allowed"


def check_variables(variables: Mapping[str, Any]) -> None:
    """Raises where facts of a host stand in for variables; variables: all that a task or a lookup has."""
    # Ansible lets no fact take the place of ansible_facts itself, but of the host's own name it does.
    if "inventory_hostname" in variables.get("ansible_facts", {}):
        raise _refusal("a host", ["inventory_hostname"])
    host = variables.get("inventory_hostname")
    if host is None:
        return
    foreign = _foreign(_facts(variables, host))
    # What is allowed is the inventory's to say as well.
    if foreign and _ALLOWED not in foreign:
        allowed = _allowed(variables)
        foreign = [name for name in foreign if name not in allowed]
    if foreign:
        raise _refusal(host, foreign)


def check_result(result: Mapping[str, Any], host: str) -> None:
    """Raises where the answer of one of our modules sets variables or statistics of the run; none of them does so."""
    facts = result.get("ansible_facts") or {}
    named = [name for name in facts if not name.startswith(_DISCOVERED)] if isinstance(facts, Mapping) else [facts]
    if named:
        raise _refusal(host, named)
    if "ansible_stats" in result:
        raise EdgesiteError("The answer of {0} sets statistics of the run (ansible_stats)".format(host), _look_at(host))


def _facts(variables: Mapping[str, Any], host: str) -> Mapping[str, Any]:
    """A host's facts by the names that they have as variables; ansible_facts shows them without their prefix."""
    cache = variables["hostvars"]._variable_manager._fact_cache
    try:
        return cache.get(host) or {}
    except KeyError:
        return {}


def _foreign(names: Iterable[str]) -> List[str]:
    return sorted(name for name in names if not _FACT.match(name) or _OPTION.match(name))


def _allowed(variables: Mapping[str, Any]) -> Sequence[str]:
    allowed = variables.get(_ALLOWED, [])
    if not isinstance(allowed, list):
        raise EdgesiteError(
            "{0} is {1!r}, and has to be a list of names".format(_ALLOWED, allowed), "Write it out in the inventory"
        )
    return allowed


def _refusal(host: str, names: Sequence[Any]) -> EdgesiteError:
    return EdgesiteError(
        "Not the inventory, but a host set {0} of {1}: the result of a task carried {2} as ansible_facts, which "
        "outrank the inventory".format(", ".join(map(str, names)), host, "it" if len(names) == 1 else "them"),
        "{0} Facts in a cache go away with 'ansible-playbook --flush-cache'. If a module of yours rightly returns "
        "facts by such names, list them in {1}".format(_look_at(host), _ALLOWED),
    )


def _look_at(host: str) -> str:
    return "Find out what answers in place of Python on {0}, or on the host of a task with run_once.".format(host)
