# SPDX-License-Identifier: GPL-3.0-or-later
"""The site's own network."""

from __future__ import annotations

import ipaddress
import json
import secrets
from typing import Any

from .definition import Site
from .errors import LabError
from .paths import shown
from .podman import LABEL_SITE, Podman
from .progress import say
from .shell import as_root, run


def find(podman: Podman, site: str) -> str | None:
    """The name of the site's network, where there is one."""
    for network in _listed(podman):
        if _is_of(network["name"], site):
            return str(network["name"])
    return None


def _is_of(name: str, site: str) -> bool:
    return name.rpartition(".")[0] == f"edgelab.{site}"


def _listed(podman: Podman) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(podman("network", "ls", "--format", "json").stdout or "[]")
    return listed


def ensure(podman: Podman, site: Site) -> bool:
    """Create the network where it is missing; True where it was."""
    networks = _listed(podman)
    for network in networks:
        subnets = [entry["subnet"] for entry in network.get("subnets") or []]
        if _is_of(network["name"], site.name):
            if subnets == [str(site.subnet)]:
                return False
            raise LabError(
                f"the network of site {site.name} is up as {', '.join(subnets)}, its definition says {site.subnet}",
                f"run: tests/lab/lab down {site.name}",
            )
        for subnet in subnets:
            _refuse_overlap(site, subnet, f"podman's network {network['name']}")
    claimed = {network.get("network_interface") for network in networks}
    for device, subnet in _machine_subnets():
        if device.startswith("podman") and device not in claimed and subnet == str(site.subnet):
            _delete_bridge(device)
        else:
            _refuse_overlap(site, subnet, f"this machine's interface {device}")
    # A new name each time: an address that a killed podman took stays taken, until the machine reboots, under the old
    # one. Hosts' names go into /etc/hosts of each host, so no name server of podman's is needed.
    podman(
        "network",
        "create",
        "--disable-dns",
        "--subnet",
        str(site.subnet),
        "--label",
        f"{LABEL_SITE}={site.name}",
        f"edgelab.{site.name}.{secrets.token_hex(3)}",
    )
    return True


def remove(podman: Podman, site: str) -> None:
    """Remove the network where it is there."""
    name = find(podman, site)
    if name:
        podman("network", "rm", "--force", name)


def _machine_subnets() -> list[tuple[str, str]]:
    routes = json.loads(run(["ip", "-json", "-4", "route", "show", "table", "main"]).stdout or "[]")
    return [(route.get("dev", "?"), route["dst"]) for route in routes if route["dst"] != "default"]


def _delete_bridge(device: str) -> None:
    """A bridge of our subnet that no network of podman's has is what a killed podman left."""
    for link in json.loads(run(["ip", "-json", "link", "show", "master", device]).stdout or "[]"):
        run(as_root(["ip", "link", "delete", link["ifname"]]), check=False)
    run(as_root(["ip", "link", "delete", device]))
    say(f"interface {device}, left behind by an interrupted run, is removed")


def _refuse_overlap(site: Site, subnet: str, owner: str) -> None:
    other = ipaddress.ip_network(subnet, strict=False)
    if other.version == 4 and site.subnet.overlaps(other):
        raise LabError(
            f"subnet {site.subnet} of site {site.name} is already in use: {owner} has {subnet}",
            f"change 'subnet' and the addresses in {shown(site.source)}",
        )


def set_link(podman: Podman, board: str, up: bool) -> None:
    """Plug or pull the host's network cable: the machine's end of it, which nothing in the host can change."""
    run(as_root(["ip", "link", "set", _machine_end(podman, board), "up" if up else "down"]))


def link_is_up(podman: Podman, board: str) -> bool:
    """Whether the cable is plugged in."""
    link = json.loads(run(["ip", "-json", "link", "show", "dev", _machine_end(podman, board)]).stdout)
    return "UP" in link[0]["flags"]


def _machine_end(podman: Podman, board: str) -> str:
    index = int(podman("exec", board, "cat", "/sys/class/net/eth0/iflink").stdout)
    for link in json.loads(run(["ip", "-json", "link", "show"]).stdout):
        if link["ifindex"] == index:
            return str(link["ifname"])
    raise LabError(f"the machine's end of the cable of {board} is not there", "run 'tests/lab/lab up' to set it right")
