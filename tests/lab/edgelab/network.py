# SPDX-License-Identifier: GPL-3.0-or-later
"""The site's own network."""

from __future__ import annotations

import ipaddress
import json
import secrets
from typing import Any

from . import places
from .definition import Site
from .errors import LabError
from .paths import REPOSITORY, shown
from .podman import LABEL_CLONE, LABEL_SITE, LABEL_SUBNET, Podman
from .progress import say
from .shell import as_root, run

# Where a network goes whose definition names a subnet that is taken.
POOL = ipaddress.ip_network("10.213.0.0/16")
# Another clone may take a subnet between the look and the creation.
ATTEMPTS = 3


def find(podman: Podman, site: str) -> str | None:
    """The name of the site's network, where there is one."""
    for network in _listed(podman):
        if _is_of(network["name"], site):
            return str(network["name"])
    return None


def _is_of(name: str, site: str) -> bool:
    return name.rpartition(".")[0] == places.network_stem(site)


def _listed(podman: Podman) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(podman("network", "ls", "--format", "json").stdout or "[]")
    return listed


def ensure(podman: Podman, site: Site) -> ipaddress.IPv4Network:
    """Create the network where it is missing; its subnet, which is another than wanted where that is taken."""
    for attempt in range(ATTEMPTS):
        networks = _listed(podman)
        for network in networks:
            if _is_of(network["name"], site.name):
                return _of_existing(site, network)
        subnet = _free(site, _taken(site, networks))
        try:
            _create(podman, site, subnet)
        except LabError:
            if attempt + 1 == ATTEMPTS:
                raise
        else:
            say(f"network {subnet}: created" + (f", as {site.subnet} is taken" if subnet != site.subnet else ""))
            return subnet
    raise AssertionError("the last attempt returns or raises")


def _of_existing(site: Site, network: dict[str, Any]) -> ipaddress.IPv4Network:
    wanted = (network.get("labels") or {}).get(LABEL_SUBNET)
    if wanted != str(site.subnet):
        raise LabError(
            f"the network of site {site.name} was made for {wanted}, its definition says {site.subnet}",
            f"run: tests/lab/lab down {site.name}",
        )
    return ipaddress.IPv4Network(network["subnets"][0]["subnet"])


def _taken(site: Site, networks: list[dict[str, Any]]) -> dict[ipaddress.IPv4Network, str]:
    """Subnets in use, with their owners. A bridge that a killed podman left where the site wants to be is removed."""
    taken = {}
    for network in networks:
        for entry in network.get("subnets") or []:
            taken[entry["subnet"]] = f"podman's network {network['name']}"
    claimed = {network.get("network_interface") for network in networks}
    for device, subnet in _machine_subnets():
        if device.startswith("podman") and device not in claimed and subnet == str(site.subnet):
            _delete_bridge(device)
        elif device not in claimed:
            taken[subnet] = f"this machine's interface {device}"
    found = {ipaddress.ip_network(subnet, strict=False): owner for subnet, owner in taken.items()}
    return {subnet: owner for subnet, owner in found.items() if isinstance(subnet, ipaddress.IPv4Network)}


def _free(site: Site, taken: dict[ipaddress.IPv4Network, str]) -> ipaddress.IPv4Network:
    """The wanted subnet, or else one of its size, where each clone begins to look at a place of its own."""
    candidates = [site.subnet]
    if site.subnet.prefixlen > POOL.prefixlen:
        others = list(POOL.subnets(new_prefix=site.subnet.prefixlen))
        begin = int(places.CLONE, 16) % len(others)
        candidates += others[begin:] + others[:begin]
    for candidate in candidates:
        if not any(candidate.overlaps(subnet) for subnet in taken):
            return candidate
    owner = next(f"{owner} has {subnet}" for subnet, owner in taken.items() if subnet.overlaps(site.subnet))
    raise LabError(
        f"subnet {site.subnet} of site {site.name} is already in use: {owner}, and nothing in {POOL} is free",
        f"change 'subnet' and the addresses in {shown(site.source)}",
    )


def _create(podman: Podman, site: Site, subnet: ipaddress.IPv4Network) -> None:
    # A new name each time: an address that a killed podman took stays taken, until the machine reboots, under the old
    # one. Hosts' names go into /etc/hosts of each host, so no name server of podman's is needed.
    labels = {LABEL_SITE: site.name, LABEL_CLONE: str(REPOSITORY), LABEL_SUBNET: str(site.subnet)}
    podman(
        *("network", "create", "--disable-dns", "--subnet", str(subnet)),
        *(part for key, value in labels.items() for part in ("--label", f"{key}={value}")),
        f"{places.network_stem(site.name)}.{secrets.token_hex(3)}",
    )


def remove_of_clone(podman: Podman, clone: str) -> None:
    """Remove the networks of a clone."""
    for network in _listed(podman):
        labels = network.get("labels") or {}
        if LABEL_SITE in labels and labels.get(LABEL_CLONE, "") == clone:
            podman("network", "rm", "--force", network["name"])


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
