# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site's things are called, and where its state lies."""

from __future__ import annotations

import hashlib
import ipaddress
from pathlib import Path

from . import paths
from .definition import Site

# Part of every name that the machine's podman knows: two clones may have the same site up at once.
CLONE = hashlib.sha256(str(paths.REPOSITORY).encode()).hexdigest()[:6]


def state_of(site: str) -> Path:
    """Where the site's keys, TPMs and marks lie."""
    return paths.STATE / site


def container_name(site: str, host: str) -> str:
    """The container that is the host."""
    return f"edgelab.{CLONE}.{site}.{host}"


def board_name(site: str, host: str) -> str:
    """The container that holds the host's address and TPM."""
    return f"{container_name(site, host)}.board"


def network_stem(site: str) -> str:
    """What the names of the site's networks begin with, up to the last dot."""
    return f"edgelab.{CLONE}.{site}"


def remember_subnet(site: str, subnet: ipaddress.IPv4Network) -> None:
    """Note where the site's network is; another one than the definition's where that was taken."""
    (state_of(site) / "subnet").write_text(str(subnet), encoding="ascii")


def placed(site: Site) -> Site:
    """The site where its network is; where its definition wants it as long as there is none."""
    noted = state_of(site.name) / "subnet"
    return site.moved(ipaddress.IPv4Network(noted.read_text(encoding="ascii"))) if noted.exists() else site


def is_up(site: str) -> bool:
    """Whether an 'up' has run to its end, and no 'down' since. Costs nothing: ansible asks often."""
    return (state_of(site) / "up").exists()
