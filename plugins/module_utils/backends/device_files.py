# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds the device file of a card open: what NVML does not list, but keeps a card from its reset."""

from __future__ import annotations

import contextlib
import glob
import os
from typing import Iterator, List, Optional

from ..core.mig_card import Client


def holders(minor: Optional[int]) -> List[Client]:
    """The other processes that hold /dev/nvidia<minor>; needs root to see all of them."""
    if minor is None:
        return []
    device = "/dev/nvidia{0}".format(minor)
    found = []
    for folder in glob.glob("/proc/[0-9]*"):
        pid = int(os.path.basename(folder))
        if pid != os.getpid() and device in _open_files(folder):
            found.append(Client(pid, _name(folder)))
    return sorted(found, key=lambda client: client.pid)


def _open_files(folder: str) -> Iterator[str]:
    for link in glob.glob(folder + "/fd/*"):
        # The process may end, or close the file, while it is looked at.
        with contextlib.suppress(OSError):
            yield os.readlink(link)


def _name(folder: str) -> Optional[str]:
    try:
        with open(folder + "/comm", encoding="utf-8", errors="replace") as stream:
            return stream.read().strip()
    except OSError:
        return None
