# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The libraries of a driver container, as NVIDIA's GPU operator runs it: its root is mounted on the host."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
from typing import List

ROOT = "/run/nvidia/driver"
_LIBRARY = "libnvidia-ml.so.1"
_FOLDERS = ("usr/lib/{machine}-linux-gnu", "usr/lib64", "usr/lib")


def libraries(root: str = "/") -> List[str]:
    """Where NVML's library may be in the container's root."""
    base = os.path.join(root, ROOT.lstrip("/"))
    return [os.path.join(base, folder.format(machine=platform.machine()), _LIBRARY) for folder in _FOLDERS]


def load(root: str = "/") -> None:
    """Loads the container's library where the host has none; pynvml, which asks by name alone, then finds it."""
    with contextlib.suppress(OSError):
        ctypes.CDLL(_LIBRARY)
        return
    for path in libraries(root):
        with contextlib.suppress(OSError):
            ctypes.CDLL(path)
            return
