# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads who uses the loaded driver of NVIDIA's: processes by their open files, and kernel modules."""

from __future__ import annotations

import contextlib
import os
from typing import Dict, Iterable, List, Optional

from ...common import lines
from ...common.host import files
from .. import parts
from ..holders import ModuleUse

_DEVICE = "/dev/nvidia"


def processes(root: str = "/") -> Dict[int, Optional[str]]:
    """Names of the processes, other than this one, that hold a device file of the driver; all of them for root only."""
    found = {}
    for entry in _names(os.path.join(root, "proc")):
        folder = os.path.join(root, "proc", entry)
        pid = lines.as_int(entry)
        if pid is not None and pid != os.getpid() and _holds(folder):
            found[pid] = name(pid, root)
    return found


def _holds(folder: str) -> bool:
    for descriptor in _names(os.path.join(folder, "fd")):
        # the process may end, or close the file, while it is looked at
        with contextlib.suppress(OSError):
            if os.readlink(os.path.join(folder, "fd", descriptor)).startswith(_DEVICE):
                return True
    return False


def name(pid: int, root: str = "/") -> Optional[str]:
    """A process's name; the kernel keeps only its first 15 characters, and the program's file tells the rest."""
    folder = os.path.join(root, "proc", str(pid))
    try:
        short = (files.read_text(os.path.join(folder, "comm")) or "").strip()
    except OSError:
        return None
    program = files.link_name(os.path.join(folder, "exe")) or ""
    return (program if len(short) == 15 and program.startswith(short) else short) or None


def modules(root: str = "/") -> List[ModuleUse]:
    """The loaded modules of the driver, and those that use them; the driver's main module first."""
    found: List[ModuleUse] = []
    wanted = [parts.MAIN]
    while wanted:
        module = wanted.pop(0)
        folder = os.path.join(root, "sys/module", module)
        if any(use.name == module for use in found) or not os.path.isdir(folder):
            continue
        users = sorted(_names(os.path.join(folder, "holders")))
        found.append(ModuleUse(module, _count(folder), tuple(users)))
        wanted += users
    return found


def _count(folder: str) -> Optional[int]:
    try:
        return lines.as_int((files.read_text(os.path.join(folder, "refcnt")) or "").strip())
    except OSError:
        return None


def _names(folder: str) -> Iterable[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
