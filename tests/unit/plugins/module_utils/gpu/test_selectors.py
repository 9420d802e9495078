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
    check,
    merge,
    model_matches,
    models,
    overlap,
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
    with pytest.raises(EdgesiteError, match="quote them in YAML"):
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
    problems, merged = merge("settings", entries, [A100, T4])
    assert not problems
    assert merged == [
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
    entries = [
        {"gpus": "all", "power_limit": "60"},
        {"gpus": [{"index": 9}, {"index": 8}], "power_limit": "60"},
        {"gpus": [{"index": 2}], "power_limit": "70", "gpu_clocks": {"min": 900, "max": None}},
        {"gpus": [{"index": 2}], "gpu_clocks": {"locked": False}},
    ]
    problems, _merged = merge("settings", entries, GPUS)
    told = [str(problem) for problem in problems]
    assert len(told) == 4
    assert told[0].startswith("settings[1].gpus[0] is index 9") and told[1].startswith("settings[1].gpus[1] is index 8")
    assert told[2].startswith("settings[2].power_limit is '70', but settings[0].power_limit is '60' for the same GPU 2")
    assert told[3].startswith("settings[3].gpu_clocks is locked: false, but settings[2].gpu_clocks is min: 900 for")
    assert T4.uuid in told[2] and "does not override" in told[2]


def test_a_host_without_gpus_says_so_once():
    problems, merged = merge("settings", [{"gpus": "all", "ecc": True}, {"gpus": [{"index": 2}]}], [])
    assert [problem.problem for problem in problems] == [
        "settings[0].gpus names GPUs, but NVML reports none on this host"
    ]
    assert not merged


def test_all_that_is_wrong_with_selectors_is_told():
    with pytest.raises(EdgesiteError) as caught:
        check("gpus", [{"index": "x", "pci_bus_id": "y", "modell": "T4"}, {}, {"model": "T4"}])
    assert [problem.problem.split()[0] for problem in caught.value.parts] == [
        "gpus[0]",
        "gpus[0].index",
        "gpus[0].pci_bus_id",
        "gpus[1]",
    ]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("all", "all", True),
        ("all", [{"uuid": "GPU-aaaa"}], True),
        ([{"index": 0}], "all", True),
        ([{"uuid": "GPU-AAAA"}], [{"model": "T4"}, {"uuid": "gpu-aaaa"}], True),
        ([{"pci_bus_id": "17:00.0"}], [{"pci_bus_id": "0000:17:00.0"}], True),
        ([{"model": "A100 SXM4"}], [{"model": "a100-sxm4"}], True),
        ([{"index": "0"}], [{"index": 0, "model": "A100"}], True),
        ([{"model": "A100", "index": 0}], [{"model": "A100"}], True),
        # the host may have none of these
        ("all", [{"model": "A100"}], False),
        ([{"model": "A100"}], [{"model": "A100-SXM4"}], False),
        ([{"index": 0}], [{"index": 1}], False),
        ([{"index": 0}], [{"uuid": "GPU-aaaa"}], False),
    ],
)
def test_gpus_that_two_values_share_on_any_host(one, other, expected):
    first, second = ([selector for _where, selector in check("gpus", value)] for value in (one, other))
    assert overlap(first, second) == overlap(second, first) == expected
