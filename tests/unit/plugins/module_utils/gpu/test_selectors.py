# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.selectors import (
    GpuId,
    canonical_pci,
    merge,
    model_matches,
    models,
    resolve,
)
from hypothesis import given
from hypothesis import strategies as st

A100 = GpuId(0, "GPU-aaaa", "0000:17:00.0", "NVIDIA A100-SXM4-40GB")
L40S = GpuId(1, "GPU-bbbb", "0000:ca:00.0", "NVIDIA L40S")
T4 = GpuId(2, "GPU-cccc", "0001:ca:00.0", "Tesla T4")
GPUS = [A100, L40S, T4]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({"uuid": "gpu-AAAA"}, [A100]),
        ({"pci_bus_id": "17:00.0"}, [A100]),
        ({"pci_bus_id": "00000001:CA:00.0"}, [T4]),
        ({"index": 1}, [L40S]),
        ({"index": "2"}, [T4]),
        ({"model": "A100"}, [A100]),
        ({"model": "a100-sxm4-40gb"}, [A100]),
        ({"model": "NVIDIA"}, [A100, L40S]),
        ({"model": "A100", "index": 0, "uuid": None}, [A100]),
    ],
)
def test_selector_names_the_gpus_that_match_all_its_keys(selector, expected):
    assert resolve("gpus", [selector], GPUS) == expected


def test_all_names_every_gpu():
    assert resolve("gpus", "all", GPUS) == GPUS


def test_several_selectors_name_a_gpu_once_and_in_index_order():
    assert resolve("gpus", [{"index": 2}, {"model": "T4"}, {"index": 0}], GPUS) == [A100, T4]


@pytest.mark.parametrize(
    ("wanted", "name"), [("A10", A100.name), ("L4", L40S.name), ("", T4.name), ("SXM4-A100", A100.name)]
)
def test_model_matches_whole_words_in_order_only(wanted, name):
    assert not model_matches(wanted, name)


def test_selector_without_a_gpu_lists_what_the_host_has():
    with pytest.raises(EdgesiteError) as caught:
        resolve("settings[0].gpus", [{"model": "A100", "index": 2}], GPUS)
    assert "settings[0].gpus[0] is model A100, index 2 and matches no GPU" in str(caught.value)
    for gpu in GPUS:
        assert gpu.uuid in str(caught.value)


def test_a_model_is_a_class_of_which_a_host_may_have_none():
    assert resolve("gpus", [{"model": "H100"}], GPUS) == []
    assert resolve("gpus", [{"model": "H100"}, {"index": 1}], GPUS) == [L40S]
    assert models([{"model": "H100"}, {"model": "T4", "index": 2}]) == ["H100"]
    assert models("all") == []


@pytest.mark.parametrize("selector", [{"uuid": "GPU-dddd"}, {"index": 3}, {"pci_bus_id": "01:00.0"}])
def test_a_selector_of_one_gpu_has_to_match_it(selector):
    with pytest.raises(EdgesiteError, match="matches no GPU"):
        resolve("gpus", [{"model": "T4"}, selector], GPUS)


@pytest.mark.parametrize("wanted", ["some", [], None, 3, {"index": 0}])
def test_value_of_the_wrong_shape_is_refused_with_the_form_it_takes(wanted):
    with pytest.raises(EdgesiteError, match="pci_bus_id, index and model"):
        resolve("gpus", wanted, GPUS)


@pytest.mark.parametrize(
    "selector",
    [
        "GPU-aaaa",
        {},
        {"uid": "x"},
        {"index": None},
        {"index": "x"},
        {"index": -1},
        {"index": "\u00b2"},
        {"index": True},
        {"model": []},
        {"model": "-"},
    ],
)
def test_selector_of_the_wrong_shape_is_refused(selector):
    with pytest.raises(EdgesiteError, match=r"gpus\[0\]"):
        resolve("gpus", [selector], GPUS)


def test_sexagesimal_pci_address_is_explained():
    # YAML 1.1 reads an unquoted 17:00:00 as a number of seconds.
    with pytest.raises(EdgesiteError, match="Quote it in YAML"):
        resolve("gpus", [{"pci_bus_id": 61200}], GPUS)


def test_host_without_gpus_is_told_so():
    with pytest.raises(EdgesiteError, match="reports none"):
        resolve("gpus", "all", [])


@given(st.integers(0, 0xFFFF), st.integers(0, 255), st.integers(0, 31), st.integers(0, 7))
def test_every_spelling_of_an_address_has_one_canonical_form(domain, bus, device, function):
    expected = f"{domain:04x}:{bus:02x}:{device:02x}.{function}"
    assert canonical_pci(expected) == expected
    assert canonical_pci(f"{domain:08X}:{bus:02X}:{device:02X}.{function}") == expected


@given(st.text())
def test_text_that_is_no_address_raises_value_error_only(text):
    with contextlib.suppress(ValueError):
        assert canonical_pci(canonical_pci(text)) == canonical_pci(text)


def test_entries_add_up():
    entries = [
        {"gpus": "all", "persistence_mode": True, "ecc": None},
        {"gpus": [{"model": "T4"}], "power_limit": "60", "persistence_mode": True},
    ]
    assert merge("settings", entries, [A100, T4]) == [
        (A100, {"persistence_mode": ("settings[0].persistence_mode", True)}),
        (
            T4,
            {
                "persistence_mode": ("settings[0].persistence_mode", True),
                "power_limit": ("settings[1].power_limit", "60"),
            },
        ),
    ]


def test_entries_that_differ_are_both_named():
    entries = [{"gpus": "all", "power_limit": "60"}, {"gpus": [{"index": 2}], "power_limit": "70"}]
    with pytest.raises(EdgesiteError) as caught:
        merge("settings", entries, GPUS)
    assert "settings[1].power_limit is '70', but settings[0].power_limit is '60'" in str(caught.value)
    assert T4.uuid in str(caught.value)
