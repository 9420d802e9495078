# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what the layer identity has put on a host."""

from __future__ import annotations

from ...common.footprint import Footprint
from ...common.host import footprint as host_footprint
from ...common.host.footprint import Look
from .. import footprint


def observe(look: Look) -> Footprint:
    """Keys and certificates, and the packages that use them; all of it stays."""
    if not host_footprint.names_in(look.identity):
        return Footprint()
    return Footprint(kept=(*footprint.kept(look.identity), *host_footprint.packages(look.run, footprint.PACKAGES)))
