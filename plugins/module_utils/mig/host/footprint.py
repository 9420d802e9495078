# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what the layer mig has put on a host."""

from __future__ import annotations

from ...boot.host import footprint as boot_footprint
from ...common import footprint as common_footprint
from ...common.footprint import Footprint
from ...common.host import owned_files, units
from ...common.host.footprint import Look
from ...gpu.host import changed
from ...gpu.host.footprint import note_of_changes
from .. import footprint
from . import drm
from .domain import boot_unit


def observe(look: Look) -> Footprint:
    """The boot unit, what it makes, what was changed, and what a run that broke off stopped or unloaded."""
    found = boot_footprint.observe(look.run, boot_unit([], [], "", persist=False))
    config = next((text for path, text in found.files.items() if path.endswith(".json")), None)
    records = common_footprint.present({path: owned_files.read_text(path) for path in (units.RECORD, drm.RECORD)})
    return found._replace(
        files={**found.files, **records, **note_of_changes(changed.MIG)},
        stopped=units.observe(look.run, []).stopped if units.RECORD in records else (),
        in_force=footprint.in_force(config) + footprint.unloaded(drm.observe(resets=False)),
    )
