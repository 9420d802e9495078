# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads and changes boot units: files below /etc, and systemctl."""

from __future__ import annotations

import os

from ...common.host import command, owned_files, systemctl
from ..unit import BootAction, BootUnit, WriteFile

_WANTS = "/etc/systemd/system/multi-user.target.wants/"
_FIX = "Repair systemd on this host, or set persist: false"


def observe(desired: BootUnit) -> BootUnit:
    """The unit as it is on this host; looks at the files that the desired one names."""
    if not desired.unit:
        return desired
    return BootUnit(
        desired.unit,
        {path: owned_files.read_text(path) for path in desired.files},
        is_enabled(desired.unit),
    )


def is_enabled(unit: str) -> bool:
    """Whether a boot unit of ours is enabled."""
    return os.path.islink(_WANTS + unit)


def apply(run: command.Run, action: BootAction) -> None:
    """Does one action. Raises EdgesiteError."""
    if isinstance(action, WriteFile):
        if action.content is None:
            owned_files.remove(action.path)
        else:
            owned_files.write_text(action.path, action.content)
        if action.path.endswith(".service"):
            systemctl.do(run, "daemon-reload", fix=_FIX)
    else:
        systemctl.do(run, "enable" if action.enabled else "disable", action.unit, fix=_FIX)
