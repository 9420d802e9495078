# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what the layer driver has put on a host."""

from __future__ import annotations

import os
from typing import List

from ...common import footprint as common_footprint
from ...common.errors import EdgesiteError
from ...common.footprint import Footprint
from ...common.host import footprint as host_footprint
from ...common.host import owned_files
from ...common.host.footprint import Look
from .. import files, footprint
from . import installed


def observe(look: Look) -> Footprint:
    """Sources, keys, pins and holds; packages and what they need stay."""
    there = common_footprint.present({path: owned_files.read_text(path) for path in footprint.read()})
    packages = _packages(look, files.HOLDS in there)
    ours = {path: text for path, text in there.items() if path in footprint.MARKED}
    links = common_footprint.present({path: owned_files.read_link(path) for path in files.links()})
    masked = [path for path in footprint.masks() if _is_mask(path)]
    return Footprint(
        files={
            **common_footprint.marked(ours),
            **{path: text for path, text in there.items() if path in footprint.PLAIN},
        },
        folders=footprint.FOLDERS,
        holds=common_footprint.holds(files.HOLDS, there.get(files.HOLDS), [one.name for one in packages if one.held]),
        kept=(
            *common_footprint.strangers(ours),
            *footprint.kept([one.name for one in packages], there, links, masked),
            *([] if host_footprint.is_apt() else host_footprint.packages(look.run, [footprint.PLUGIN])),
        ),
        in_force=footprint.in_force(common_footprint.marked(ours)),
    )


def _packages(look: Look, needed: bool) -> List[installed.parse.Package]:
    """needed: a note tells of holds, and is only to go when it is seen which of them are there yet."""
    reading = installed.packages(look.run)
    if reading.unread and needed:
        why = reading.unread[0]["why"]
        raise EdgesiteError(
            "cannot tell which packages are held: {0}".format(why),
            "Repair the package database: 'dpkg --configure -a' or 'rpm --rebuilddb' on the host",
        )
    return list(reading.value)


def _is_mask(path: str) -> bool:
    """Whether a link masks a unit; a file in its place is somebody's own unit."""
    return os.path.islink(path) and owned_files.read_link(path) == os.devnull
