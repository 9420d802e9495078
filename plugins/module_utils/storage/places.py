# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a device is read before it is taken for empty: where people lose data, and few places of a large disk."""

from __future__ import annotations

from typing import List, Tuple

MIB = 1 << 20
# The beginnings of the first partition and of the tables themselves, and the copies of both at the end
END = 16 * MIB
# From a partition's beginning up to and including what every file system has to have there
PIECE = 128 << 10
# A disk that turns takes 10 ms for each
_SPREAD = 512
# A partition of a round size ends there, and so does one of a round size that comes after the first MiB
_ROUND = [(factor << power) * MIB + after * MIB for power in range(4, 30) for factor in (1, 3) for after in (0, 1, 2)]


def to_read(size: int) -> List[Tuple[int, int]]:
    """(offset, length) of each place, in order; never two on the same bytes."""
    if size <= 4 * END:
        return _whole(0, size)
    last = size - END
    spread = [size * place // _SPREAD // MIB * MIB for place in range(_SPREAD)]
    between = sorted({offset for offset in (*spread, *_ROUND) if END <= offset <= last - PIECE})
    return [*_whole(0, END), *((offset, PIECE) for offset in between), *_whole(last, size)]


def _whole(start: int, end: int) -> List[Tuple[int, int]]:
    return [(offset, min(MIB, end - offset)) for offset in range(start, end, MIB)]
