# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks for the driver's firmware where the kernel looks for it (Documentation/driver-api/firmware)."""

from __future__ import annotations

import os
import re
from typing import Iterator, Optional, Sequence, Tuple

from ...common.host import files

# A path that the kernel was given, as by a driver container
_GIVEN = "sys/module/firmware_class/parameters/path"
_PLACES = ("lib/firmware/updates/{0}", "lib/firmware/updates", "lib/firmware/{0}", "lib/firmware")
# The kernel takes it compressed too
_VERSION = re.compile(r"[0-9]+(\.[0-9]+)+")
_GSP = re.compile(r"(gsp_[a-z0-9]+\.bin)(\.xz|\.zst)?")


def gsp(kernels: Sequence[str], root: str = "/") -> Optional[Tuple[str, ...]]:
    """The GSP firmware that the host has, as 580.95.05/gsp_ga10x.bin; None where it has no firmware at all."""
    places = [place for place in _places(kernels, root) if os.path.isdir(place)]
    if not places:
        return None
    return tuple(sorted({name for place in places for name in _below(os.path.join(place, "nvidia"))}))


def _places(kernels: Sequence[str], root: str) -> Iterator[str]:
    given = (files.read_text(os.path.join(root, _GIVEN)) or "").strip()
    if given:
        yield os.path.join(root, given.lstrip("/"))
    for place in _PLACES:
        for kernel in kernels:
            yield os.path.join(root, place.format(kernel))


def _below(folder: str) -> Iterator[str]:
    for version in filter(_VERSION.fullmatch, files.names(folder)):
        for match in filter(None, map(_GSP.fullmatch, files.names(os.path.join(folder, version)))):
            # a link may lead nowhere
            if os.path.isfile(os.path.join(folder, version, match.group())):
                yield "{0}/{1}".format(version, match.group(1))
