# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what the layer gpu has put on a host."""

from __future__ import annotations

from ...boot.host import footprint as boot_footprint
from ...common.footprint import Footprint
from ...common.host.footprint import Look
from .. import footprint
from . import locked_clocks
from .settings_domain import boot_unit


def observe(look: Look) -> Footprint:
    """The boot unit, and what it sets."""
    unit = boot_unit([], "", persist=False)
    found = boot_footprint.observe(look.run, unit)
    config = next((text for path, text in found.files.items() if path.endswith(".json")), None)
    return found._replace(in_force=footprint.in_force(config), seen=footprint.clocks(locked_clocks.read()))
