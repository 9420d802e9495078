# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One at a time: runs that change the same things of a host wait for each other, though not for ever."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from typing import Iterator, Optional

from ..errors import EdgesiteError


@contextlib.contextmanager
def held(path: str, doing: str, fix: str, seconds: float) -> Iterator[None]:
    """Holds a lock for this process. Raises EdgesiteError where another one keeps it for longer.

    doing: what the other process is at then, as in 'has been changing the GPUs of this host'. fix: what to do about it.
    """
    descriptor = _open(path)
    if descriptor is None:
        yield
        return
    try:
        if not wait(descriptor, seconds):
            pid = os.pread(descriptor, 20, 0).decode().strip()
            who = "Process " + pid if pid else "The process of another run"
            raise EdgesiteError("{0} has been {1} for over {2:.0f} s".format(who, doing, seconds), fix)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)


def _open(path: str) -> Optional[int]:
    try:
        os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except PermissionError:
        # Without root nothing can be changed anyway, and the domain says so.
        return None
    except OSError as error:
        raise EdgesiteError(
            "cannot write {0}: {1}".format(path, error.strerror),
            "Run 'df /run' on the host: it may be full, or not mounted",
        ) from error


def wait(descriptor: int, seconds: float) -> bool:
    """Takes the lock of an open file; False where another process keeps it for longer."""
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
        time.sleep(0.1)
