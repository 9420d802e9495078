# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a layer has put on a host: what a removal takes away again, what stays, and what stays in force."""

from __future__ import annotations

from typing import Dict, Mapping, NamedTuple, Optional, Sequence, Tuple

from . import effects

# What files of this collection that can have a comment say at their beginning
_MARK = "edgesite.gpu"
_WANTS = effects.UNITS + "/multi-user.target.wants/"


class Kept(NamedTuple):
    """What stays, such as a path; why, and how people remove it."""

    what: str
    why: str
    by_hand: str


class InForce(NamedTuple):
    """What a layer has set to a value, and a removal leaves as it is; what ends it. reboot: a reboot does."""

    what: str
    value: str
    until: str
    by_hand: str
    reboot: bool


class Holds(NamedTuple):
    """Packages that are held still, of those that a layer has noted as held by it. text: of the note."""

    note: str
    text: str
    names: Tuple[str, ...]


class Footprint(NamedTuple):
    """What is there of a layer.

    running: its units that run. files, links: that go, by path, with their content or target. folders: that go with the
    last of them, unless they hold something else. stopped: units of others that a run left stopped. in_force: as files
    tell that go. seen: in force as well, and to be seen at any time.
    """

    running: Tuple[str, ...] = ()
    files: Mapping[str, str] = {}
    links: Mapping[str, str] = {}
    folders: Tuple[str, ...] = ()
    holds: Optional[Holds] = None
    stopped: Tuple[str, ...] = ()
    kept: Tuple[Kept, ...] = ()
    in_force: Tuple[InForce, ...] = ()
    seen: Tuple[InForce, ...] = ()

    def gone(self) -> Footprint:
        """The footprint once all went that goes."""
        return Footprint(kept=self.kept, seen=self.seen)


def present(there: Mapping[str, Optional[str]]) -> Dict[str, str]:
    """Those files or links that are there."""
    return {path: content for path, content in there.items() if content is not None}


def is_marked(text: str) -> bool:
    """Whether a file says that this collection wrote it, whatever was changed in it since."""
    return any(_MARK in line for line in text.splitlines()[:2])


def marked(there: Mapping[str, str]) -> Dict[str, str]:
    """Those files that this collection wrote."""
    return {path: text for path, text in there.items() if is_marked(text)}


def strangers(there: Mapping[str, str]) -> Tuple[Kept, ...]:
    """Those files that somebody else put in the place of one of this collection."""
    return tuple(
        Kept(path, "it does not begin with this collection's header, so somebody else wrote it", "rm " + path)
        for path, text in sorted(there.items())
        if not is_marked(text)
    )


def start_link(unit: str) -> str:
    """The link that has a unit start at boot."""
    return _WANTS + unit


def packages(names: Sequence[str], apt: bool) -> Tuple[Kept, ...]:
    """That packages stay, where there are any."""
    if not names:
        return ()
    listed = " ".join(sorted(names))
    by_hand = "{0} {1}".format("apt-get purge" if apt else "dnf remove", listed)
    return (Kept("packages: " + listed, "packages stay, whoever installed them, as others may need them", by_hand),)


def holds(note: str, text: Optional[str], held: Sequence[str]) -> Optional[Holds]:
    """The packages of a note that are held still; None without a note. held: by whomever, as far as they are there."""
    return None if text is None else Holds(note, text, tuple(sorted(set(text.split()) & set(held))))
