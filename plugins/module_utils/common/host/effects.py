# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does what is to be done to files, links and units of a host."""

from __future__ import annotations

from typing import Union

from ..effects import Effect, EnableUnit, Link, MaskUnit, ReadUnits, RenewUnit, RunUnit, WriteFile, is_unit_file
from . import owned_files, systemctl
from .command import Run


def apply(run: Run, effect: Effect, fix: str = "") -> None:
    """Does it, in one step for whoever reads meanwhile. Raises EdgesiteError. fix: as for systemctl.do."""
    if isinstance(effect, WriteFile):
        if effect.content is None:
            owned_files.remove(effect.path)
        else:
            owned_files.write_text(effect.path, effect.content, effect.mode)
    elif isinstance(effect, Link):
        owned_files.write_link(effect.path, effect.target)
    elif isinstance(effect, ReadUnits):
        systemctl.do(run, "daemon-reload", fix=fix)
    else:
        systemctl.do(run, _verb(effect), effect.unit, fix=fix)
    if isinstance(effect, (WriteFile, Link)) and is_unit_file(effect.path):
        systemctl.do(run, "daemon-reload", fix=fix)


def _verb(effect: Union[EnableUnit, MaskUnit, RunUnit, RenewUnit]) -> str:
    if isinstance(effect, EnableUnit):
        return "enable" if effect.enabled else "disable"
    if isinstance(effect, MaskUnit):
        return "mask" if effect.masked else "unmask"
    if isinstance(effect, RunUnit):
        return "start" if effect.running else "stop"
    return effect.verb
