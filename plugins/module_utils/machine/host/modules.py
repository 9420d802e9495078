# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads loaded kernel modules from sysfs."""

from __future__ import annotations

import os
from typing import List, Optional

from ...common import lines
from ...common.host import files
from ..modules import ModuleUse


def using(name: str, root: str = "/") -> List[ModuleUse]:
    """A loaded module, and those that use it, also by way of another; nothing where it is not loaded."""
    found: List[ModuleUse] = []
    wanted = [name]
    while wanted:
        module = wanted.pop(0)
        folder = os.path.join(root, "sys/module", module)
        if any(use.name == module for use in found) or not os.path.isdir(folder):
            continue
        users = sorted(files.names(os.path.join(folder, "holders")))
        found.append(ModuleUse(module, _count(folder), tuple(users)))
        wanted += users
    return found


def _count(folder: str) -> Optional[int]:
    return lines.as_int(files.told(os.path.join(folder, "refcnt")))
