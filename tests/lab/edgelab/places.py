# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site's things are called, where its state lies, and the lock that keeps two commands apart."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import paths
from .definition import Site
from .progress import heartbeat, say


def state_of(site: str) -> Path:
    """Where the site's keys, TPMs and marks lie."""
    return paths.STATE / site


def container_name(site: str, host: str) -> str:
    """The container that is the host."""
    return f"edgelab.{site}.{host}"


def board_name(site: str, host: str) -> str:
    """The container that holds the host's address and TPM."""
    return f"edgelab.{site}.{host}.board"


def is_up(site: str) -> bool:
    """Whether an 'up' has run to its end, and no 'down' since. Costs nothing: ansible asks often."""
    return (state_of(site) / "up").exists()


@contextmanager
def alone(site: Site) -> Iterator[None]:
    """Keep other commands off the site meanwhile."""
    # The lock lies on the definition file, so that there is no lock file to leave behind.
    with site.source.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another lab command works on site {site.name}; waiting for it")
            with heartbeat("waiting"):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield
