# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One at a time: a run that reaches a host while it boots must not work on its GPUs beside the boot units."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from typing import Iterator, Optional

from ..core.errors import EdgesiteError

LOCK = "/run/edgesite-gpu/gpu.lock"
# A boot unit waits up to a minute for the driver, and a layout of many cards takes its time.
SECONDS = 180.0


@contextlib.contextmanager
def held(seconds: float = SECONDS) -> Iterator[None]:
    """Holds the host's GPUs for this process. Raises EdgesiteError where another one keeps them for longer."""
    descriptor = _open()
    if descriptor is None:
        yield
        return
    try:
        _wait(descriptor, seconds)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)


def _open() -> Optional[int]:
    try:
        os.makedirs(os.path.dirname(LOCK), 0o755, exist_ok=True)
        return os.open(LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except PermissionError:
        # Without root nothing can be changed anyway, and the domain says so.
        return None
    except OSError as error:
        raise EdgesiteError("cannot write {0}: {1}".format(LOCK, error.strerror), "Repair /run on this host") from error


def _wait(descriptor: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError:
            if time.monotonic() >= end:
                pid = os.pread(descriptor, 20, 0).decode().strip()
                raise EdgesiteError(
                    "Process {0} has been changing the GPUs of this host for over {1:.0f} s".format(
                        pid or "of another run", seconds
                    ),
                    "Wait for it, or look at what it does: it may be a boot unit (systemctl status 'edgesite-gpu-*')",
                ) from None
        time.sleep(0.1)
