# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what the layer gpu has put on a host."""

from __future__ import annotations

from typing import Dict

from ...boot.host import footprint as boot_footprint
from ...common import footprint as common_footprint
from ...common.footprint import Footprint
from ...common.host import owned_files
from ...common.host.footprint import Look
from .. import footprint
from . import changed, locked_clocks
from .settings_domain import boot_unit


def observe(look: Look) -> Footprint:
    """The boot unit and what it sets, and the note of what was changed, which tells more."""
    unit = boot_unit([], "", persist=False)
    found = boot_footprint.observe(look.run, unit)
    config = next((text for path, text in found.files.items() if path.endswith(".json")), None)
    note = note_of_changes(changed.SETTINGS)
    return found._replace(
        files={**found.files, **note},
        in_force=footprint.changed(changed.known(changed.SETTINGS)) or footprint.in_force(config),
        seen=footprint.clocks(locked_clocks.read()),
    )


def note_of_changes(path: str) -> Dict[str, str]:
    """The file, where it is there."""
    return common_footprint.present({path: owned_files.read_text(path)})
