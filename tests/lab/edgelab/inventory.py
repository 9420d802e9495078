# SPDX-License-Identifier: GPL-3.0-or-later
"""The site as an inventory of ansible."""

from __future__ import annotations

from typing import Any

from . import keys
from .definition import Host, Site
from .places import state_of

TCTI = "tabrmd:bus_type=system"


def hostvars(site: Site, host: Host) -> dict[str, Any]:
    """How ansible reaches a host, and what of its hardware is not found in the usual place."""
    state = state_of(site.name)
    variables = {
        "ansible_host": host.address,
        "ansible_user": "edge",
        # no discovery, which costs a round trip
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_ssh_private_key_file": str(keys.user_key(state)),
        "ansible_ssh_common_args": " ".join(keys.ssh_options(state)),
    }
    if host.hardware.tpm_manufacturer:
        variables["edgesite_tpm_tcti"] = TCTI
    return variables


def listing(site: Site) -> dict[str, Any]:
    """The answer to --list."""
    groups = {
        "gpu_nodes": [host.name for host in site.hosts if host.hardware.gpus],
        "jetsons": [host.name for host in site.hosts if host.hardware.jetson],
        "hubs": [host.name for host in site.hosts if host.hub],
    }
    return {
        "_meta": {"hostvars": {host.name: hostvars(site, host) for host in site.hosts}},
        "all": {"children": ["edgesite"]},
        "edgesite": {"hosts": [host.name for host in site.hosts], "children": list(groups)},
        **{name: {"hosts": members} for name, members in groups.items()},
    }
