# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clocks that were locked on this host.

NVML can lock clocks but not tell whether they are locked. What was locked is therefore noted in /run, which a reboot
empties as it unlocks the clocks, and for one load of the kernel module only, since a reload unlocks them too.
"""

from __future__ import annotations

import json
import os
from typing import Any, Dict, Optional

from ...common.host import owned_files
from ..settings import Range

PATH = "/run/edgesite-gpu/locked-clocks.json"
MODULE = "/sys/module/nvidia"


def read(path: str = PATH, module: str = MODULE) -> Dict[str, Dict[str, Range]]:
    """By GPU UUID and key (gpu_clocks, memory_clocks): (min, max) in MHz."""
    try:
        note = json.loads(owned_files.read_text(path) or "{}")
        if note.get("module") != _load_of(module):
            return {}
        locked = note.get("locked", {})
        return {uuid: {key: (low, high) for key, (low, high) in held.items()} for uuid, held in locked.items()}
    except (AttributeError, TypeError, ValueError):
        # A damaged note says nothing; the next run locks the clocks again, which harms nobody.
        return {}


def write(uuid: str, key: str, value: Optional[Range], path: str = PATH, module: str = MODULE) -> None:
    """Notes that clocks were locked, or with None that they were unlocked."""
    locked: Dict[str, Dict[str, Any]] = dict(read(path, module))
    held = {**locked.get(uuid, {}), key: value}
    locked[uuid] = {name: clocks for name, clocks in held.items() if clocks is not None}
    owned_files.write_text(path, json.dumps({"module": _load_of(module), "locked": locked}) + "\n")


def _load_of(module: str) -> Optional[int]:
    # A module gets a new directory, with a new inode number, at every load.
    try:
        return os.stat(module).st_ino
    except OSError:
        return None
