# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads and changes boot units: files below /etc, and systemctl."""

from __future__ import annotations

import os

from ...common.effects import Effect
from ...common.host import command, effects, owned_files
from ..unit import BootUnit

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


def apply(run: command.Run, effect: Effect) -> None:
    """Does one action. Raises EdgesiteError."""
    effects.apply(run, effect, _FIX)
