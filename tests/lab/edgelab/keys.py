# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH keys of a site: one for the user, one for each host, and the list of hosts' keys that ssh checks against."""

from __future__ import annotations

from pathlib import Path

from .definition import Site
from .shell import run


def user_key(state: Path) -> Path:
    """The private key that logs in to all hosts of the site."""
    return state / "id_ed25519"


def known_hosts(state: Path) -> Path:
    """The file for ssh's UserKnownHostsFile."""
    return state / "known_hosts"


def host_key(state: Path, host: str) -> Path:
    """A host's private key."""
    return state / "hosts" / host / "ssh_host_ed25519_key"


def ensure(state: Path, site: Site) -> None:
    """Make the keys that are missing, and the list of hosts' keys."""
    _make(user_key(state), "edge")
    lines = []
    for host in site.hosts:
        key = host_key(state, host.name)
        _make(key, host.name)
        kind, public = key.with_suffix(".pub").read_text(encoding="utf-8").split()[:2]
        lines.append(f"{host.name},{host.address} {kind} {public}\n")
    known_hosts(state).write_text("".join(lines), encoding="utf-8")


def ssh_options(state: Path) -> list[str]:
    """Options that make ssh use the site's keys and nothing of the user's."""
    return [
        *("-o", f"UserKnownHostsFile={known_hosts(state)}"),
        *("-o", "GlobalKnownHostsFile=/dev/null"),
        *("-o", "StrictHostKeyChecking=yes"),
        *("-o", "IdentitiesOnly=yes"),
    ]


def _make(key: Path, comment: str) -> None:
    if key.exists() and key.with_suffix(".pub").exists():
        return
    key.parent.mkdir(parents=True, exist_ok=True)
    key.unlink(missing_ok=True)
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(key)])
