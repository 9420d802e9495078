# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a device is read before it is taken for empty."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.storage import places
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.places import END, MIB, PIECE
from hypothesis import given
from hypothesis import strategies as st

TIB = 1 << 40


@given(st.integers(0, 100 * TIB // 512).map(lambda sectors: sectors * 512))
def test_places_are_few_in_order_and_on_the_device(size):
    found = places.to_read(size)
    assert len(found) < 1000
    assert all(length > 0 for offset, length in found)
    ends = [offset + length for offset, length in found]
    assert all(end <= offset for end, (offset, length) in zip(ends, found[1:]))
    if found:
        assert found[0][0] == 0 and ends[-1] == size


@pytest.mark.parametrize("size", [0, 512, 20 * MIB, 64 * MIB])
def test_a_small_device_is_read_whole(size):
    assert sum(length for offset, length in places.to_read(size)) == size


@pytest.mark.parametrize("size", [TIB // 1024, TIB // 2, 4 * TIB])
def test_what_begins_and_ends_a_large_one_is_read(size):
    found = places.to_read(size)
    covered = {place * MIB for offset, length in found for place in range(offset // MIB, (offset + length) // MIB)}
    assert {*range(0, END, MIB), *range(size - END, size, MIB)} <= covered


@pytest.mark.parametrize("before", [16 * MIB, 512 * MIB, 1 << 30, 3 << 30, 256 << 30, TIB])
def test_a_partition_behind_one_of_a_round_size_is_found(before):
    """The first one begins with the first MiB, or behind a table that takes two."""
    found = dict(places.to_read(4 * TIB))
    assert [found[before + after * MIB] for after in (0, 1, 2)] == [PIECE] * 3
