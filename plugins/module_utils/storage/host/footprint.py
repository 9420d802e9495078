# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what the layer storage has put on a host."""

from __future__ import annotations

from ...common.effects import CRYPTTAB, FSTAB
from ...common.footprint import Footprint
from ...common.host import footprint as host_footprint
from ...common.host import owned_files
from ...common.host.footprint import Look
from .. import footprint


def observe(look: Look) -> Footprint:
    """Volumes, and the packages that open them; all of it stays."""
    volumes = footprint.kept(owned_files.read_text(CRYPTTAB) or "", owned_files.read_text(FSTAB) or "")
    return Footprint(kept=(*volumes, *(host_footprint.packages(look.run, footprint.PACKAGES) if volumes else ())))
