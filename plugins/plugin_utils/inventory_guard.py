# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps what hosts say out of what the inventory says.

Any module's result may carry ansible_facts. Ansible makes variables of them that outrank group_vars and host_vars, so a
host could choose paths, commands and names on the controller. Whatever acts for the inventory asks here first.
"""

from __future__ import annotations

import re
from typing import Any, List, Mapping, Sequence

from ansible import constants

from ..module_utils.common.errors import EdgesiteError, shown

# What setup calls the facts of Linux hosts, and Ansible itself notes. Many other names that begin with ansible_ are
# options of connections and lookups, which run programs on the controller.
_FACT = re.compile(
    r"ansible_(all_ipv[46]_addresses|apparmor|architecture|(bios|board|chassis|product|form)_[a-z_]+|(proc_)?cmdline"
    r"|date_time|default_ipv[46]|device_links|devices|distribution(_[a-z_]+)?|dns|domain|effective_(user|group)_ids?|env"
    r"|ec2_[A-Za-z0-9_]+|fibre_channel_wwn|fips|flags|fqdn|hostname|hostnqn|interfaces|is_chroot|iscsi_iqn"
    r"|kernel(_version)?|loadavg|local|locally_reachable_ips|lsb|lvm|machine(_id)?|mem(free|total)_mb|memory_mb|mounts|nodename|os_family"
    r"|pkg_mgr|processor(_[a-z_]+)?|python(_version)?|real_(user|group)_id|selinux(_python_present)?|service_mgr"
    r"|ssh_host_key_[a-z0-9_]+|swap(free|total)_mb|system(d|_vendor|_capabilities|_capabilities_enforced)?"
    r"|uptime_seconds|user_(dir|gecos|gid|id|shell|uid)|userspace_(architecture|bits)|virtualization_[a-z_]+"
    r"|zfs_datasets|zfs_pools|zpool)\Z"
    r"|(facter|ohai)_|(discovered_interpreter_python|_ansible_facts_gathered|gather_subset|module_setup)\Z"
    r"|(aggregate_mounts|tcp_listen|udp_listen)\Z"
)
# and what package_facts, service_facts, mount_facts, getent and facter_facts return
_MAPPING = re.compile(r"(facter|mount_points|packages|services|getent_[a-z]+)\Z")
_DISCOVERED = "discovered_interpreter_"
_ALLOWED = "edgesite_facts_allowed"
# Of what a host makes up, this much is repeated.
_MOST = 10


def check_variables(variables: Mapping[str, Any]) -> None:
    """Raises where facts of a host stand in for variables; variables: all that a task or a lookup has."""
    if not constants.INJECT_FACTS_AS_VARS:
        return
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


def check_host(variables: Mapping[str, Any], host: str) -> None:
    """Raises where facts of another host than the task's stand in for variables."""
    if constants.INJECT_FACTS_AS_VARS:
        foreign = _foreign(_facts(variables, host))
        if foreign and _ALLOWED not in foreign:
            allowed = _allowed(variables["hostvars"][host])
            foreign = [name for name in foreign if name not in allowed]
        if foreign:
            raise _refusal(host, foreign)


def check_result(result: Mapping[str, Any], host: str) -> None:
    """Raises where the answer of one of our modules sets variables or statistics of the run; none of them does so."""
    named = [name for name in result.get("ansible_facts") or {} if not str(name).startswith(_DISCOVERED)]
    if named:
        raise _refusal(host, named)
    if "ansible_stats" in result:
        raise EdgesiteError(
            "The answer of {0} sets statistics of the run (ansible_stats)".format(host),
            "Run 'ansible {0} -m ansible.builtin.ping -vvv' to see what answers in place of Python there".format(host),
        )


def _facts(variables: Mapping[str, Any], host: str) -> Mapping[str, Any]:
    """A host's facts by the names that they have as variables; ansible_facts shows them without their prefix.

    Ansible offers no other way to them; this one holds for ansible-core 2.18 to 2.21.
    """
    cache = variables["hostvars"]._variable_manager._fact_cache
    try:
        return cache.get(host) or {}
    except KeyError:
        return {}


def _foreign(facts: Mapping[str, Any]) -> List[str]:
    return sorted(str(name) for name, value in facts.items() if not _is_fact(str(name), value))


def _is_fact(name: str, value: Any) -> bool:
    if _FACT.match(name):
        return True
    # an interface of the network has any name
    interface = name.startswith("ansible_") and isinstance(value, Mapping) and "device" in value
    return interface or bool(_MAPPING.match(name)) and isinstance(value, Mapping)


def _allowed(variables: Mapping[str, Any]) -> Sequence[str]:
    allowed = variables.get(_ALLOWED, [])
    if not isinstance(allowed, list):
        raise EdgesiteError(
            "{0} is {1}, but has to be a list of names".format(_ALLOWED, shown(allowed)),
            "Write it like {0}: [site_name] in the inventory".format(_ALLOWED),
        )
    return allowed


def _refusal(host: str, names: Sequence[Any]) -> EdgesiteError:
    listed = ", ".join(ascii(name).strip("'")[:100] for name in names[:_MOST])
    more = " and {0} more".format(len(names) - _MOST) if len(names) > _MOST else ""
    return EdgesiteError(
        "Facts of {0} would take the place of variables: {1}{2}. A task's result carried them (ansible_facts), and "
        "facts outrank the inventory".format(host, listed, more),
        "If a module of yours rightly returns facts by such names, or set_fact caches them, list them in {0}. "
        "'ansible-playbook --flush-cache' empties a cache. {1}".format(_ALLOWED, _look_at(host)),
    )


def _look_at(host: str) -> str:
    return (
        "Otherwise run 'ansible {0} -m ansible.builtin.ping -vvv' to see what answers in place of Python on it, or on "
        "the host of a task with run_once".format(host)
    )
