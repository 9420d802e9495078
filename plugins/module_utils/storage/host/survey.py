# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a device in many places, to see whether it holds anything."""

from __future__ import annotations

import hashlib
from typing import List, NamedTuple, Sequence, Tuple

from ...common.errors import EdgesiteError
from ...common.host import limited
from .. import places

# Some hundred places of a slow disk
_SECONDS = 120.0


class Filled(NamedTuple):
    """A place that is not all zeros. digest: of what is there."""

    offset: int
    digest: str


def filled(node: str, size: int) -> Tuple[Filled, ...]:
    """The places of a device that are not all zeros."""
    try:
        found = limited.call(node, _filled, node, places.to_read(size), seconds=_SECONDS)
    except OSError as error:
        raise unreadable(node, error) from error
    return tuple(Filled(*entry) for entry in found)


def fingerprint(found: Sequence[Filled]) -> str:
    """Changes with what is on the device."""
    return hashlib.sha256(repr([tuple(place) for place in found]).encode("ascii")).hexdigest()[:12]


def unreadable(node: str, error: OSError) -> EdgesiteError:
    """What to say of a device that cannot be read."""
    return EdgesiteError(
        "cannot read {0}: {1}".format(node, error.strerror),
        "Run the task as root (become: true), or look for disk errors in dmesg",
    )


def _filled(node: str, wanted: List[Tuple[int, int]]) -> List[Tuple[int, str]]:
    found = []
    with open(node, "rb", buffering=0) as stream:
        for offset, length in wanted:
            stream.seek(offset)
            data = stream.read(length)
            if data != bytes(len(data)):
                found.append((offset, hashlib.sha256(data).hexdigest()))
    return found
