# SPDX-License-Identifier: GPL-3.0-or-later
"""Boots: whether a host answers, and a reboot from outside."""

from __future__ import annotations

import socket
import time

from . import network
from .definition import Host, Site
from .errors import LabError
from .places import board_name, container_name
from .podman import Podman
from .progress import heartbeat, say

# a limit, not a wait: five hosts that boot beside other work on two processors have taken 70 s
BOOT_SECONDS = 300.0


def wait_for_ssh(podman: Podman, site: Site, host: Host) -> None:
    """Wait until the host's sshd greets; one whose cable is pulled is left alone."""
    if _greets(host.address):
        return
    board = board_name(site.name, host.name)
    if not network.link_is_up(podman, board):
        say(f"{host.name}: is cut off the network; 'tests/lab/lab heal {host.name}' plugs it in")
        return
    end = time.monotonic() + BOOT_SECONDS
    with heartbeat(f"{host.name}: waiting for ssh"):
        while time.monotonic() < end:
            if _greets(host.address):
                return
            time.sleep(0.2)
    log = podman("logs", "--tail", "15", container_name(site.name, host.name), check=False)
    raise LabError(
        f"{host.name} does not answer on ssh at {host.address}; the end of its console:\n{log.stdout}{log.stderr}"
    )


def _greets(address: str) -> bool:
    try:
        with socket.create_connection((address, 22), timeout=1) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def boot_id(podman: Podman, site: Site, host: Host) -> str:
    """Changes with each boot; empty while the host is down."""
    name = container_name(site.name, host.name)
    return podman("exec", name, "cat", "/proc/sys/kernel/random/boot_id", check=False).stdout.strip()


def reboot(podman: Podman, site: Site, host: Host) -> None:
    """Reboot a host, and wait until every unit has started or failed, and it answers."""
    name = container_name(site.name, host.name)
    before = boot_id(podman, site, host)
    if not before:
        raise LabError(f"{host.name} is not running", f"run: tests/lab/lab up {site.name}")
    begun = time.monotonic()
    say(f"{host.name}: reboots")
    podman("exec", name, "systemctl", "reboot", check=False)
    with heartbeat(f"{host.name}: rebooting"):
        while boot_id(podman, site, host) in ("", before):
            if time.monotonic() - begun > BOOT_SECONDS:
                raise LabError(f"{host.name} did not come back within {BOOT_SECONDS:.0f} s")
            time.sleep(0.2)
        # at first systemd does not answer; `--wait` ends then, too
        while (state := _state(podman, name)) not in ("running", "degraded"):
            if time.monotonic() - begun > BOOT_SECONDS:
                raise LabError(f"{host.name} is still {state or 'starting'} after {BOOT_SECONDS:.0f} s")
            time.sleep(0.2)
    wait_for_ssh(podman, site, host)
    say(f"{host.name}: is back after {time.monotonic() - begun:.1f} s")


def _state(podman: Podman, name: str) -> str:
    """What systemd says of a host, once it has started what it starts."""
    return podman("exec", name, "systemctl", "is-system-running", "--wait", check=False).stdout.strip()
