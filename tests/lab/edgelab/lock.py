# SPDX-License-Identifier: GPL-3.0-or-later
"""A lock between lab commands, which leaves no lock file behind: it lies on a file that is there anyway."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .progress import heartbeat, say


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Keep other commands off meanwhile."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another lab command works on {what}; waiting for it")
            with heartbeat(f"waiting for {what}"):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield
