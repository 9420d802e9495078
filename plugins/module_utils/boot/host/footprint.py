# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what is there of a boot unit."""

from __future__ import annotations

from ...common import footprint
from ...common.footprint import Footprint
from ...common.host import owned_files, systemctl
from ...common.host.command import Run
from ..unit import BootUnit


def observe(run: Run, unit: BootUnit) -> Footprint:
    """Of the unit with its files; nothing but its configuration where the unit is somebody else's."""
    there = footprint.present({path: owned_files.read_text(path) for path in unit.files})
    units = {path: text for path, text in there.items() if path.endswith(".service")}
    strangers = footprint.strangers(units)
    mine = {path: text for path, text in there.items() if path not in {one.what for one in strangers}}
    if strangers:
        return Footprint(files=mine, kept=strangers)
    link = footprint.start_link(unit.unit)
    return Footprint(
        running=tuple(systemctl.active(run, [unit.unit])),
        files=mine,
        links=footprint.present({link: owned_files.read_link(link)}),
    )
