# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is noted of the values before changes."""

from __future__ import annotations

import json

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import changed
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.changed import Entry
from hypothesis import given
from hypothesis import strategies as st

PATH = "/etc/edgesite-gpu/gpu-changed.json"
WATTS = st.integers(60000, 700000)
CLOCKS = st.one_of(st.none(), st.tuples(st.integers(210, 900), st.integers(900, 1410)))
MODES = st.sampled_from(["default", "prohibited", "exclusive_process", "1"])
VALUES = {"power_limit": WATTS, "gpu_clocks": CLOCKS, "compute_mode": MODES, "ecc": st.booleans(), "mig": st.booleans()}


def entries(values):
    return st.builds(Entry, values, st.lists(values, min_size=1, max_size=2).map(tuple))


OF_GPU = st.fixed_dictionaries({}, optional={key: entries(values) for key, values in VALUES.items()}).filter(bool)


@given(st.dictionaries(st.sampled_from(["GPU-a", "GPU-b"]), OF_GPU))
def test_what_is_written_is_read_again(noted):
    assert changed.parse(PATH, changed.text(noted)) == noted
    assert (changed.text(noted) is None) == (noted == {})


@given(st.lists(WATTS, min_size=1, max_size=4))
def test_the_first_value_stays_the_one_before_until_it_is_back(values):
    entry, there = None, 400000
    for value in values:
        during = changed.while_set(entry, there, value)
        assert during.before == 400000 and {there, value} <= {400000, *during.ours}
        entry, there = changed.once_set(entry, there, value), value
        assert entry is None if value == 400000 else entry == Entry(400000, (value,))


def test_one_entry_is_put_and_taken_out():
    entry, other = Entry(True, (False,)), Entry(400000, (300000,))
    both = changed.put(changed.put({}, "GPU-a", "ecc", entry), "GPU-a", "power_limit", other)
    assert both == {"GPU-a": {"ecc": entry, "power_limit": other}}
    assert changed.put(both, "GPU-a", "ecc", None) == {"GPU-a": {"power_limit": other}}
    assert changed.put({"GPU-a": {"ecc": entry}}, "GPU-a", "ecc", None) == {}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["format", "gpus", "before", "set", "ecc", "gpu_clocks"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(ANYTHING, ANYTHING)
def test_any_other_file_is_an_error_for_people(found, of_gpu):
    for text in (json.dumps(found), json.dumps({"format": 1, "gpus": {"GPU-a": of_gpu}})):
        try:
            changed.parse(PATH, text)
        except EdgesiteError as error:
            assert f"'rm {PATH}'" in error.fix


@pytest.mark.parametrize("text", ["", "{", "\x00", '{"format": 3, "gpus": {}}'])
def test_a_damaged_file(text):
    with pytest.raises(EdgesiteError, match="is damaged, or a newer version"):
        changed.parse(PATH, text)
