# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of many hosts in few words, with ranges as inventories have them: gpu-[001:300]."""

from __future__ import annotations

import re
from typing import Iterator, List, Optional, Sequence

_NUMBERED = re.compile(r"(.*?)([0-9]{1,9})([^0-9]*)", re.DOTALL)
# Two names are as short as their range.
_SHORTEST = 3


def ranges(names: Sequence[str]) -> List[str]:
    """The names, those that count up one after the other as a range."""
    found = []
    for run in _runs(names):
        found += [_range(run)] if len(run) >= _SHORTEST else run
    return found


def line(names: Sequence[str], width: int) -> str:
    """As many of the names as fit into the width, at least one, and how many more there are."""
    parts = ranges(names)
    for shown in range(len(parts), 1, -1):
        text = _cut(parts, shown, names)
        if len(text) <= width:
            return text
    return _cut(parts, 1, names)


def _cut(parts: Sequence[str], shown: int, names: Sequence[str]) -> str:
    more = len(names) - sum(_size(part, names) for part in parts[:shown])
    return ", ".join(parts[:shown]) + (" and {0} more".format(more) if more else "")


def _size(part: str, names: Sequence[str]) -> int:
    return next(len(run) if len(run) >= _SHORTEST else 1 for run in _runs(names) if part in (_range(run), *run))


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
    return before + str(int(digits) + 1).zfill(len(digits)) + behind


def _range(run: Sequence[str]) -> str:
    first, last = (_NUMBERED.fullmatch(name) for name in (run[0], run[-1]))
    if first is None or last is None:
        return run[0]
    return "{0}[{1}:{2}]{3}".format(first.group(1), first.group(2), last.group(2), first.group(3))
