# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host must have before a module changes its GPUs."""

from __future__ import annotations

import os

from ...common.errors import EdgesiteError
from ..tools import CURRENT
from ..unit import BootUnit


def check(what: str, unit: BootUnit) -> None:
    """Raises EdgesiteError where the rights or the tools that the boot unit runs are missing."""
    if os.geteuid() != 0:
        raise EdgesiteError("{0} needs root, but this task runs as another user".format(what), "Set become: true")
    if unit.enabled and not os.path.exists(CURRENT):
        raise EdgesiteError(
            "persist is true, but the host tools that the boot unit runs are not installed on this host",
            "Run edgesite.gpu.host_tools first (the role edgesite.gpu.gpu does), or set persist: false",
        )
