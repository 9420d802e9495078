# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds a device file open: what NVML does not list but keeps a card from its reset, or keeps a TPM busy."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import List, Mapping, Optional, Sequence

from ..clients import Client
from . import processes


def holders(minor: Optional[int], root: str = "/") -> List[Client]:
    """The other processes that hold /dev/nvidia<minor>; needs root to see all of them."""
    return [] if minor is None else holders_of("/dev/nvidia{0}".format(minor), root)


def holders_of(path: str, root: str = "/") -> List[Client]:
    """The other processes that hold a device file, by its path below /dev."""
    return holders_of_any([path], root)


def holders_of_any(paths: Sequence[str], root: str = "/") -> List[Client]:
    """The other processes that hold one of these device files, no two of which have the same name."""
    places = [os.path.join(root, path.lstrip("/")) for path in paths]
    devices = {os.path.basename(place): place for place in places if os.path.exists(place)}
    if not devices:
        return []
    pids = processes.holding(lambda link: _is_one(link, devices), root)
    return [Client(pid, processes.name(pid, root)) for pid in sorted(pids)]


def _is_one(link: str, devices: Mapping[str, str]) -> bool:
    """Whether an open file is one of the devices, by their names.

    A container has a node of its own for the same device, and another machine's files can have the same names.
    """
    # The process may end, or close the file, while it is looked at.
    with contextlib.suppress(OSError):
        device = devices.get(os.path.basename(os.readlink(link)))
        if device is not None:
            opened, wanted = os.stat(link), os.stat(device)
            nodes = stat.S_ISCHR(opened.st_mode) and stat.S_ISCHR(wanted.st_mode)
            return os.path.samestat(opened, wanted) or (nodes and opened.st_rdev == wanted.st_rdev)
    return False
