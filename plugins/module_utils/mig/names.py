# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of MIG profiles, as the driver prints them and as users write them: 3g.20gb, 1g.5gb+me, 1c.3g.20gb, 2g.

The number of slices and the attributes tell profiles apart. The memory in a name is rounded, and differs between
drivers for the same profile (1g.24gb became 1g.23gb), so it only decides between profiles of the same slices.
"""

from __future__ import annotations

import re
from typing import List, NamedTuple, Optional, Sequence, Tuple

from ..common.errors import EdgesiteError
from .card import Profile

_NAME = re.compile(r"^(?:mig )?(?:([1-9])c\.)?([1-9])g(?:\.([0-9]{1,4})gb)?((?:[+-][a-z]+(?:\.[a-z]+)?)*)\Z")
_COMPUTE = re.compile(r"^([1-9])c\Z")
# Drivers round the same memory in different ways, by 1 GB or 2.5 %: 1g.24gb became 1g.23gb. What is further away is a
# profile of another card: 4g.96gb is one of the RTX PRO 6000, not the 4g.90gb of a B200.
_ROUNDING_GB = 1
_ROUNDING = 0.025


class Name(NamedTuple):
    """A profile's name in parts. compute: slices of a compute instance, memory: GB; None where the name has none."""

    compute: Optional[int]
    slices: int
    memory: Optional[int]
    attributes: Tuple[str, ...]


def parse(text: str) -> Optional[Name]:
    """The parts of a name, or None where it is none."""
    match = _NAME.match(text.strip().lower())
    if match is None:
        return None
    compute, slices, memory, attributes = match.groups()
    return Name(
        None if compute is None else int(compute),
        int(slices),
        None if memory is None else int(memory),
        tuple(sorted(re.findall(r"[+-][a-z.]+", attributes))),
    )


def compute_slices(text: str) -> Optional[int]:
    """The slices in the name of a compute instance within its GPU instance (2c), or None."""
    match = _COMPUTE.match(text.strip().lower())
    return None if match is None else int(match.group(1))


def find(option: str, text: str, profiles: Sequence[Profile], card: str) -> Profile:
    """The card's profile that a name means. Raises EdgesiteError that lists the card's own.

    Without memory in the name it is the one with the least: '1g' is 1g.5gb on an A100, not 1g.10gb.
    """
    name = parse(text)
    if name is not None:
        alike: List[Tuple[int, int, Profile]] = []
        for profile in profiles:
            known = parse(profile.name)
            if known and (known.slices, known.attributes) == (name.slices, name.attributes):
                alike.append((_apart(name.memory, known.memory), profile.memory_mib, profile))
        for apart, _memory, profile in sorted(alike, key=lambda entry: entry[:2])[:1]:
            if apart <= _ROUNDING_GB or apart <= _ROUNDING * (name.memory or 0):
                return profile
    raise EdgesiteError(
        "{0} is {1!r}, which is not a profile of GPU {2}; it has {3}".format(
            option, text, card, ", ".join(profile.name for profile in profiles)
        ),
        "Use one of these; compute instances are named like 1c.{0}".format(
            max(profiles, key=lambda profile: profile.slices).name if profiles else "3g.20gb"
        ),
    )


def _apart(wanted: Optional[int], known: Optional[int]) -> int:
    """How many GB two figures of memory are apart; a name without memory means any."""
    return 0 if wanted is None or known is None else abs(wanted - known)
