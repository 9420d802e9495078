# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what the layer tls has put on a host."""

from __future__ import annotations

import posixpath

from ...common import effects, footprint
from ...common.footprint import Footprint
from ...common.host import footprint as host_footprint
from ...common.host import owned_files, systemctl
from ...common.host.footprint import Look
from .. import footprint as tls_footprint
from ..files import Layout
from ..options import Wanted
from . import services


def observe(look: Look) -> Footprint:
    """Proxies, drop-ins, and the files of both. Services themselves are others'."""
    layout = Layout(look.tls, look.identity, "", "")
    there = footprint.present({path: owned_files.read_text(path) for path in services.existing(Wanted(layout, (), ()))})
    files = footprint.marked(there)
    proxies = services.proxies(sorted(files))
    links = [layout.pair, layout.pair + ".key", *map(footprint.start_link, proxies)]
    return Footprint(
        running=tuple(systemctl.active(look.run, proxies)),
        files=files,
        links=footprint.present({path: owned_files.read_link(path) for path in links}),
        folders=(layout.directory, *sorted(posixpath.dirname(path) for path in files if _is_dropin(path))),
        kept=(*footprint.strangers(there), *host_footprint.packages(look.run, tls_footprint.PACKAGES)),
        in_force=tls_footprint.in_force(sorted(files), layout.directory),
    )


def _is_dropin(path: str) -> bool:
    return path.startswith(effects.UNITS) and posixpath.dirname(path) != effects.UNITS
