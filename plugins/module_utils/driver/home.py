# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drivers that no package of the host brought, and what that means for one who would install packages."""

from __future__ import annotations

from typing import Optional

from ..common.errors import EdgesiteError

CONTAINER = "container"
INSTALLER = "installer"

_IN_THE_WAY = {
    CONTAINER: (
        "The driver on this host is a driver container's, as NVIDIA's GPU operator runs it: packages would put a "
        "second driver beside it",
        "Remove driver_branch and driver_version for this host, or turn the container off first ('helm upgrade ... "
        "--set driver.enabled=false' for the GPU operator)",
    ),
    INSTALLER: (
        "The driver on this host was installed by NVIDIA's .run installer, and packages over it would leave parts of "
        "both",
        "Run 'nvidia-uninstall --silent' on the host first, or remove driver_branch and driver_version for this host",
    ),
}


def in_the_way(installed_by: Optional[str]) -> Optional[EdgesiteError]:
    """Why no packages can be installed, and the way out; None where they can be."""
    told = _IN_THE_WAY.get(installed_by or "")
    return EdgesiteError(*told) if told else None
