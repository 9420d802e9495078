# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The release that apt offers a Jetson: what apt-cache policy tells of two packages."""

from __future__ import annotations

import re
from typing import NamedTuple, Optional

from . import board
from .board import L4t

PACKAGES = ("nvidia-l4t-core", "nvidia-jetpack")
_CANDIDATE = re.compile(r"^(\S+):\n(?:[ \t]+.*\n)*?[ \t]+Candidate:[ \t]*(\S+)", re.M)


class Offer(NamedTuple):
    """l4t: the newest that apt has, None for none. jetpack: what that is, None where nothing says."""

    l4t: Optional[L4t] = None
    jetpack: Optional[str] = None


def parse(policy: str) -> Offer:
    """policy: of apt-cache policy, for both packages."""
    version, package = (dict(_CANDIDATE.findall(policy)).get(name, "") for name in PACKAGES)
    l4t = board.parse_package_version(version)
    return Offer(l4t, board.jetpack(l4t, package)) if l4t else Offer()
