# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds a device file open: what NVML does not list but keeps a card from its reset, or keeps a TPM busy."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import List, Optional

from ..clients import Client
from . import processes


def holders(minor: Optional[int], root: str = "/") -> List[Client]:
    """The other processes that hold /dev/nvidia<minor>; needs root to see all of them."""
    return [] if minor is None else holders_of("/dev/nvidia{0}".format(minor), root)


def holders_of(path: str, root: str = "/") -> List[Client]:
    """The other processes that hold a device file, by its path below /dev."""
    device = os.path.join(root, path.lstrip("/"))
    if not os.path.exists(device):
        return []
    pids = processes.holding(lambda link: _same(link, device), root)
    return [Client(pid, processes.name(pid, root)) for pid in sorted(pids)]


def _same(link: str, device: str) -> bool:
    """Whether an open file is the device.

    A container has a node of its own for the same device, and another machine's files can have the same names.
    """
    # The process may end, or close the file, while it is looked at.
    with contextlib.suppress(OSError):
        if os.path.basename(os.readlink(link)) == os.path.basename(device):
            opened, wanted = os.stat(link), os.stat(device)
            nodes = stat.S_ISCHR(opened.st_mode) and stat.S_ISCHR(wanted.st_mode)
            return os.path.samestat(opened, wanted) or (nodes and opened.st_rdev == wanted.st_rdev)
    return False
