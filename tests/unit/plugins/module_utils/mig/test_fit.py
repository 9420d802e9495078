# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections import Counter
from itertools import product

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.fit import (
    Item,
    arrangements,
    compute_arrangements,
    compute_starts,
)
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.brute import overlap
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import COMPUTE_STARTS, compute_states
from hypothesis import given
from hypothesis import strategies as st

# places where something may start on six slices
STARTS = st.integers(1, 63).map(lambda bits: tuple(start for start in range(6) if bits >> start & 1))
ITEMS = st.lists(st.builds(Item, st.just(None), st.integers(1, 3), st.integers(1, 3), STARTS), max_size=2)


@given(ITEMS)
def test_every_arrangement_comes_once(drawn):
    found = [item._replace(key=key) for key, item in enumerate(drawn)]
    things = [item for item in found for _number in range(item.number)]
    expected = set()
    for starts in product(*(item.starts for item in things)):
        placed = sorted((start, item.size) for item, start in zip(things, starts))
        if not any(overlap(*one, *next_) for one, next_ in zip(placed, placed[1:])):
            expected.add(tuple(sorted((item.key, start) for item, start in zip(things, starts))))
    got = Counter(tuple(sorted(arrangement)) for arrangement in arrangements(found))
    assert set(got) == expected
    assert set(got.values()) <= {1}


@pytest.mark.parametrize("slices", sorted(COMPUTE_STARTS))
def test_compute_instances_start_where_nvidia_smi_lists(slices):
    for part in range(1, 9):
        assert compute_starts(slices, part) == COMPUTE_STARTS[slices].get(part, ())


@pytest.mark.parametrize("slices", sorted(COMPUTE_STARTS))
def test_every_division_of_a_gpu_instance_can_be_had(slices):
    for state in compute_states(slices):
        wanted = sorted((size for size, _start in state), reverse=True)
        assert sorted(state) in [sorted(arrangement) for arrangement in compute_arrangements(slices, wanted)]


@pytest.mark.parametrize(
    ("slices", "wanted"), [(3, [2, 2]), (3, [4]), (4, [3, 1]), (7, [4, 2, 2]), (7, [3, 3, 2]), (2, [1, 1, 1])]
)
def test_division_that_has_no_room(slices, wanted):
    assert list(compute_arrangements(slices, wanted)) == []
