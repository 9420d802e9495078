# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where instances can lie: all arrangements of things that have a size and places where they may start."""

from __future__ import annotations

from typing import Any, Iterator, List, NamedTuple, Sequence, Tuple

# Slices that a part of a GPU instance can have (NVML_COMPUTE_INSTANCE_PROFILE_*).
_COMPUTE_SLICES = (1, 2, 3, 4)


class Item(NamedTuple):
    """A number of things that are alike; key is the caller's."""

    key: Any
    number: int
    size: int
    starts: Tuple[int, ...]


# The key and the start of each thing.
Arrangement = List[Tuple[Any, int]]


def arrangements(items: Sequence[Item]) -> Iterator[Arrangement]:
    """Every way to place all items without overlap, as (key, start) of each thing."""
    return _place(items, 0, 0, -1, items[0].number if items else 0)


def _place(items: Sequence[Item], which: int, taken: int, after: int, left: int) -> Iterator[Arrangement]:
    """The rest of the ways, once `taken` is taken and of item `which` there are `left` to be placed after `after`.

    Things that are alike are placed from left to right, so that each way comes once.
    """
    if left == 0:
        if which + 1 >= len(items):
            yield []
        else:
            yield from _place(items, which + 1, taken, -1, items[which + 1].number)
        return
    item = items[which]
    mask = (1 << item.size) - 1
    for start in item.starts:
        if start > after and not taken & mask << start:
            for rest in _place(items, which, taken | mask << start, start, left - 1):
                rest.append((item.key, start))
                yield rest


def compute_starts(gpu_instance_slices: int, slices: int) -> Tuple[int, ...]:
    """Where a compute instance of so many slices can start in a GPU instance, as `nvidia-smi mig -lcipp` lists.

    Each starts at a multiple of its own size; a 3c takes the room of four, and a GPU instance of 4 slices has none.
    """
    if slices == gpu_instance_slices:
        return (0,)
    if slices not in _COMPUTE_SLICES or (slices == 3 and gpu_instance_slices == 4):
        return ()
    return tuple(range(0, gpu_instance_slices - slices + 1, 4 if slices == 3 else slices))


def compute_arrangements(gpu_instance_slices: int, compute: Sequence[int]) -> Iterator[Arrangement]:
    """Every way to place compute instances of these slices, as (slices, start)."""
    return arrangements(
        [
            Item(slices, compute.count(slices), slices, compute_starts(gpu_instance_slices, slices))
            for slices in sorted(set(compute), reverse=True)
        ]
    )
