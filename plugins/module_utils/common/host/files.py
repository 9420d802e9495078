# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small files of procfs, sysfs and /etc."""

from __future__ import annotations

import os
from typing import List, Optional

# No file of sysfs has more than a page, none of a driver in procfs much more
_MOST_TOLD = 65536


def read_bytes(path: str, limit: int = -1) -> Optional[bytes]:
    """The content, None where there is no such file. Raises OSError where it is there but cannot be read."""
    try:
        # unbuffered: most of these files are a few bytes long, and a host has hundreds of them
        with open(path, "rb", buffering=0) as source:
            return source.read(limit)
    except (FileNotFoundError, NotADirectoryError):
        return None


def read_text(path: str, limit: int = -1) -> Optional[str]:
    """As read_bytes, as text."""
    data = read_bytes(path, limit)
    return None if data is None else data.decode("utf-8", "replace")


def told(path: str) -> str:
    """What a small file of the kernel's tells; nothing where it is not there, or cannot be read."""
    try:
        return (read_text(path, _MOST_TOLD) or "").strip()
    except OSError:
        return ""


def link_name(path: str) -> Optional[str]:
    """The last part of what a symbolic link points to, as sysfs uses them to refer to drivers and groups."""
    try:
        return os.path.basename(os.readlink(path))
    except OSError:
        return None


def names(folder: str) -> List[str]:
    """What is in a folder; nothing where it cannot be read, as that of a process that has ended."""
    try:
        return os.listdir(folder)
    except OSError:
        return []
