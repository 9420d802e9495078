# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of the host: their names, and which of them hold a file open."""

from __future__ import annotations

import os
from typing import Callable, Iterator, Optional

from .. import lines
from . import files

# what the kernel adds to the name of a program whose file is no longer there, as after an upgrade
_REPLACED = " (deleted)"


def holding(is_wanted: Callable[[str], bool], root: str = "/") -> Iterator[int]:
    """The other processes with an open file that is wanted; only root sees all of them.

    is_wanted: is given the link to an open file below /proc. The process may end, or close the file, meanwhile.
    """
    for entry in files.names(os.path.join(root, "proc")):
        pid = lines.as_int(entry)
        if pid is None or pid == os.getpid():
            continue
        folder = os.path.join(root, "proc", entry, "fd")
        if any(is_wanted(os.path.join(folder, descriptor)) for descriptor in files.names(folder)):
            yield pid


def name(pid: int, root: str = "/") -> Optional[str]:
    """A process's name; the kernel keeps only its first 15 characters, and the program's file tells the rest."""
    folder = os.path.join(root, "proc", str(pid))
    try:
        short = (files.read_text(os.path.join(folder, "comm")) or "").strip()
    except OSError:
        return None
    program = files.link_name(os.path.join(folder, "exe")) or ""
    if program.endswith(_REPLACED):
        program = program[: -len(_REPLACED)]
    return (program if len(short) == 15 and program.startswith(short) else short) or None


def service(pid: int, root: str = "/") -> Optional[str]:
    """The service of systemd's that a process belongs to: cgroups(7)."""
    try:
        text = files.read_text(os.path.join(root, "proc", str(pid), "cgroup")) or ""
    except OSError:
        return None
    for line in text.splitlines():
        _number, controllers, path = (line.split(":", 2) + ["", ""])[:3]
        if controllers in ("", "name=systemd"):
            return next((name for name in path.split("/") if lines.fits(name, lines.SERVICE)), None)
    return None
