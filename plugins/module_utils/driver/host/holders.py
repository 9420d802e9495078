# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads who uses the loaded driver of NVIDIA's: processes by their open files, and kernel modules."""

from __future__ import annotations

import os
from typing import Dict, List, Optional

from ...common.host import processes as host_processes
from ...machine.host import modules as kernel_modules
from ...machine.modules import ModuleUse
from .. import parts

_DEVICE = "/dev/nvidia"


def processes(root: str = "/") -> Dict[int, Optional[str]]:
    """Names of the processes, other than this one, that hold a device file of the driver; all of them for root only."""
    return {pid: host_processes.name(pid, root) for pid in host_processes.holding(_is_device, root)}


def _is_device(link: str) -> bool:
    try:
        return os.readlink(link).startswith(_DEVICE)
    except OSError:
        return False


def modules(root: str = "/") -> List[ModuleUse]:
    """The loaded modules of the driver, and those that use them; the driver's main module first."""
    return kernel_modules.using(parts.MAIN, root)
