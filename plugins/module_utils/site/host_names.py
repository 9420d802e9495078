# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of many hosts in few words, with ranges as inventories have them: gpu-[001:300]."""

from __future__ import annotations

import re
from typing import Iterator, List, NamedTuple, Optional, Sequence

_NUMBERED = re.compile(r"(.*?)([0-9]{1,9})([^0-9]*)", re.DOTALL)
# Two names are as short as their range.
_SHORTEST = 3


class Part(NamedTuple):
    """A name, or a range of so many."""

    text: str
    size: int


def ranges(names: Sequence[str]) -> List[str]:
    """The names; those that count up one after the other are a range."""
    return [part.text for part in _parts(names)]


def line(names: Sequence[str], width: int) -> str:
    """As many of the names as fit into the width, at least one, and how many more there are."""
    shown: List[str] = []
    left = len(names)
    for part in _parts(names):
        if shown and len(", ".join([*shown, part.text])) > width:
            return "{0} and {1} more".format(", ".join(shown), left)
        shown.append(part.text)
        left -= part.size
    return ", ".join(shown)


def _parts(names: Sequence[str]) -> Iterator[Part]:
    for run in _runs(names):
        if len(run) >= _SHORTEST:
            yield Part(_range(run[0], run[-1]), len(run))
        else:
            yield from (Part(name, 1) for name in run)


def _runs(names: Sequence[str]) -> Iterator[List[str]]:
    run: List[str] = []
    for name in names:
        if run and name != _next(run[-1]):
            yield run
            run = []
        run.append(name)
    if run:
        yield run


def _next(name: str) -> Optional[str]:
    match = _NUMBERED.fullmatch(name)
    if match is None:
        return None
    before, digits, behind = match.groups()
    return "{0}{1}{2}".format(before, str(int(digits) + 1).zfill(len(digits)), behind)


def _range(first: str, last: str) -> str:
    before, low, behind = _NUMBERED.fullmatch(first).groups()  # type: ignore[union-attr]
    return "{0}[{1}:{2}]{3}".format(before, low, last[len(before) : len(last) - len(behind)], behind)
