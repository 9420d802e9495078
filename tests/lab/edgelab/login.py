# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands in a host: over the network as ansible's user, or as root from outside."""

from __future__ import annotations

import subprocess

from . import keys
from .definition import Host, Site
from .places import container_name, state_of
from .podman import Podman


def ssh(site: Site, host: Host, command: list[str]) -> int:
    """Log in to a host as the user that ansible uses."""
    state = state_of(site.name)
    argv = [
        "ssh",
        "-i",
        str(keys.user_key(state)),
        *keys.ssh_options(state),
        f"edge@{host.address}",
        *command,
    ]
    return subprocess.run(argv, check=False).returncode


def execute(podman: Podman, site: Site, host: Host, command: list[str]) -> int:
    """Run a command in a host as root, not over the network."""
    argv = podman.argv("exec", "--interactive", container_name(site.name, host.name), *command)
    return subprocess.run(argv, check=False).returncode
