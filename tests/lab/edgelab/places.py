# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site's things are called, and where its state lies."""

from __future__ import annotations

from pathlib import Path

from . import paths


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
