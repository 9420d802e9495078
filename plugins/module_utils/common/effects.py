# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done to files, links and units of a host, whatever for. host/effects.py does it."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Union

from .disruption import NONE, RESTART, by

# Where systemd finds the units and drop-ins of this collection
UNITS = "/etc/systemd/system"
CRYPTTAB, FSTAB = "/etc/crypttab", "/etc/fstab"


class WriteFile(NamedTuple):
    """Puts a file there, or takes it away where content is None. systemd takes notice of its own.

    previous: what was there; None for no file. mode: of the file that is written. does: what it is for, in words for
    people; empty for that of the path alone.
    """

    path: str
    content: Optional[str]
    previous: Optional[str]
    mode: int = 0o644
    does: str = ""


class Link(NamedTuple):
    """Points a link to a target, or takes it away where that is None."""

    path: str
    target: Optional[str]
    previous: Optional[str]


class EnableUnit(NamedTuple):
    """Has a unit start at boot, or not any more."""

    unit: str
    enabled: bool


class MaskUnit(NamedTuple):
    """Keeps a unit from being started, whoever asks for it, or not any more."""

    unit: str
    masked: bool


class RunUnit(NamedTuple):
    """Starts a unit, or stops it."""

    unit: str
    running: bool


class RenewUnit(NamedTuple):
    """Has a unit take notice of what is new to it. verb: reload, restart, or one of systemd's that does nothing to a
    unit that does not run (try-restart, try-reload-or-restart)."""

    unit: str
    verb: str


class ReadUnits(NamedTuple):
    """Has systemd read its units again, where it has an older view of them than the files are."""


Effect = Union[WriteFile, Link, EnableUnit, MaskUnit, RunUnit, RenewUnit, ReadUnits]
EFFECTS = (WriteFile, Link, EnableUnit, MaskUnit, RunUnit, RenewUnit, ReadUnits)


def writes(wanted: Mapping[str, Optional[str]], there: Mapping[str, Optional[str]]) -> List[WriteFile]:
    """What brings files to their wanted content, in the order in which they are wanted."""
    return [WriteFile(path, content, there.get(path)) for path, content in wanted.items() if content != there.get(path)]


def links(wanted: Mapping[str, Optional[str]], there: Mapping[str, Optional[str]]) -> List[Link]:
    """What points links to where they are wanted."""
    return [Link(path, target, there.get(path)) for path, target in wanted.items() if target != there.get(path)]


def is_unit_file(path: str) -> bool:
    """Whether systemd has to take notice of a file: a unit, a drop-in, or a table that it makes units of."""
    return path.startswith(UNITS + "/") or path in (CRYPTTAB, FSTAB)


def files_after(there: Mapping[str, Optional[str]], effects: Sequence[object]) -> Dict[str, Optional[str]]:
    """The files once the effects among these actions are done."""
    return {**there, **{one.path: one.content for one in effects if isinstance(one, WriteFile)}}


def links_after(there: Mapping[str, Optional[str]], effects: Sequence[object]) -> Dict[str, Optional[str]]:
    """The links once the effects among these actions are done."""
    return {**there, **{one.path: one.target for one in effects if isinstance(one, Link)}}


def undo(effect: Effect) -> Effect:
    """The effect that takes this one back. What was read may be read again."""
    if isinstance(effect, WriteFile):
        return effect._replace(content=effect.previous, previous=effect.content)
    if isinstance(effect, Link):
        return effect._replace(target=effect.previous, previous=effect.target)
    if isinstance(effect, EnableUnit):
        return effect._replace(enabled=not effect.enabled)
    if isinstance(effect, MaskUnit):
        return effect._replace(masked=not effect.masked)
    if isinstance(effect, RunUnit):
        return effect._replace(running=not effect.running)
    return effect


def describe(effect: Effect) -> str:
    """The effect for people."""
    if isinstance(effect, WriteFile):
        return effect.does or "{0} {1}".format(_verb(effect.content, effect.previous), effect.path)
    if isinstance(effect, Link):
        if effect.target is None:
            return "remove " + effect.path
        return "link {0} to {1}".format(effect.path, effect.target)
    if isinstance(effect, EnableUnit):
        return "{0} {1}".format("enable" if effect.enabled else "disable", effect.unit)
    if isinstance(effect, MaskUnit):
        return "{0} {1}".format("mask" if effect.masked else "unmask", effect.unit)
    if isinstance(effect, RunUnit):
        return "{0} {1}".format("start" if effect.running else "stop", effect.unit)
    if isinstance(effect, RenewUnit):
        return "{0} {1}".format(effect.verb, effect.unit)
    return "reload systemd's units"


def disruption(effect: Effect) -> Dict[str, Any]:
    """What the effect interrupts."""
    if isinstance(effect, RunUnit) and not effect.running:
        return by(RESTART, effect.unit)
    if isinstance(effect, RenewUnit) and effect.verb != "reload":
        return by(RESTART, effect.unit)
    return by(NONE)


def _verb(content: Optional[str], previous: Optional[str]) -> str:
    if content is None:
        return "remove"
    return "write" if previous is None else "replace"
