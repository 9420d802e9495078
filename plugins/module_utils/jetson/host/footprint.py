# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what the layer jetpack has put on a host."""

from __future__ import annotations

import contextlib
from typing import Any, Dict, List, Optional

from ...boot.host import footprint as boot_footprint
from ...common import footprint as common_footprint
from ...common.errors import EdgesiteError
from ...common.footprint import Footprint, Holds
from ...common.host import owned_files
from ...common.host.command import Run
from ...common.host.footprint import Look
from .. import board, footprint
from ..clocks import boot_unit
from ..nvpmodel_conf import Conf, parse_conf
from . import board as jetson
from . import clocks, jetpack, nvpmodel


def observe(look: Look) -> Footprint:
    """The unit that locks clocks, holds, and what there is of NVIDIA's; nothing but the first on other hosts."""
    found = boot_footprint.observe(look.run, boot_unit("", False))._replace(holds=_holds(look.run))
    if jetson.soc() is None:
        return found
    runtimes = [(name, path, owned_files.read_text(path) or "") for name, _program, path in jetpack.RUNTIMES]
    there = [path for path in footprint.paths() if owned_files.read_text(path) is not None]
    stored = board.parse_power_status(owned_files.read_text(nvpmodel.STATUS) or "")
    return found._replace(
        kept=(*found.kept, *footprint.kept(there, runtimes)),
        seen=footprint.in_force(_modes(), stored, clocks.stored()),
    )


def _modes() -> Optional[Conf]:
    """None where the file is missing or damaged: a removal does not need the name of the mode."""
    with contextlib.suppress(EdgesiteError):
        return parse_conf(owned_files.read_text(nvpmodel.CONF) or "")
    return None


def _holds(run: Run) -> Optional[Holds]:
    text = owned_files.read_text(jetpack.HOLDS)
    if text is None:
        return None
    missing: List[Dict[str, Any]] = []
    held = [package.name for package in jetpack.packages(run, missing) if package.held]
    if missing:
        raise EdgesiteError(
            "cannot tell which packages are held: {0}".format(missing[0]["why"]),
            "Repair dpkg: run 'dpkg --configure -a' on the host",
        )
    return common_footprint.holds(jetpack.HOLDS, text, held)
