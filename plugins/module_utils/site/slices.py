# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A GPU's memory slices in one line, with the instances that lie on them."""

from __future__ import annotations

from itertools import groupby
from typing import Any, Iterator, List, NamedTuple, Optional, Sequence, Tuple

LEGEND = "Slices of GPUs: + new, - destroyed, = kept, * kept and in use, . free"
BEFORE, AFTER = "was   ", "then  "
# No GPU has more memory slices than half of these.
MOST = 16
# What a line of a report has in a terminal of 100 columns, without indentation
WIDTH = 80


class Instance(NamedTuple):
    """A GPU instance. mark: see LEGEND."""

    profile: str
    start: int
    size: int
    mark: str


def place(told: Any) -> Optional[Tuple[int, int]]:
    """Start and size of a placement that a GPU can have; None for anything else."""
    found = [told.get("start"), told.get("size")] if isinstance(told, dict) else []
    numbers = [each for each in found if isinstance(each, int) and not isinstance(each, bool)]
    if len(numbers) < 2 or numbers[0] < 0 or not 0 < numbers[1] <= MOST - numbers[0]:
        return None
    return numbers[0], numbers[1]


def is_drawn(line: str) -> bool:
    """Whether a line of a plan shows slices, so that it needs the legend."""
    return line.lstrip().startswith((BEFORE + "|", AFTER + "|"))


def drawn(rows: Sequence[Sequence[Instance]], count: int) -> List[str]:
    """A line for each row of instances on count slices. All cells are equally wide, so that the lines compare."""
    width = _width([instance for row in rows for instance in row], count)
    return ["|" + "".join(_cells(row, count, width)) for row in rows]


def _cells(instances: Sequence[Instance], count: int, width: int) -> Iterator[str]:
    owners: List[Optional[Instance]] = [None] * count
    for instance in instances:
        owners[instance.start : instance.start + instance.size] = [instance] * instance.size
    for owner, run in groupby(owners):
        size = len(list(run))
        yield (_free(size, width) if owner is None else _cell(owner, size * width - 1) + "|")


def _free(size: int, width: int) -> str:
    return ("." * (width - 1) + "|") * size


def _width(instances: Sequence[Instance], count: int) -> int:
    wanted = [-(-(len(instance.profile) + 2) // instance.size) for instance in instances]
    return max(5, min(max(wanted, default=0), (WIDTH - 1) // count))


def _cell(owner: Instance, width: int) -> str:
    text = owner.mark + owner.profile
    return (text if len(text) <= width else text[: width - 1] + "~").ljust(width)
