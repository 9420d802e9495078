# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What layers of GPUs will probably do once a driver is there."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils import outcome
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.site import (
    expected,
    host_look,
    plan_file,
    plan_json,
    plan_text,
)

MIG = {"layouts": None, "mig_parted": None, "config": None, "disruption": "idle", "reset": "if_idle"}
NO_DRIVER = outcome.failure(EdgesiteError("The NVIDIA driver is not installed on this host", "Install it"), 0)
INSTALL = {"actions": [{"does": "install the driver", "disruption": "reboot", "of": []}]}


def on_the_bus(device, bus, vendor="10de"):
    return {"pci_bus_id": f"0000:{bus}:00.0", "vendor_id": vendor, "device_id": device}


T4, A100, H100 = on_the_bus("1eb8", "65"), on_the_bus("20b0", "17"), on_the_bus("2330", "01")
OTHER = on_the_bus("d802", "02", "19e5")


def settings(entries, *cards):
    return expected.actions("gpu", {"settings": entries}, {"accelerators": list(cards)})


def layouts(wanted, *cards, **more):
    return expected.actions("mig", {**MIG, "layouts": wanted, **more}, {"accelerators": list(cards)})


def does(actions):
    return [action["does"] for action in actions]


def test_settings_by_the_catalogue_and_in_the_order_of_nvml():
    told = settings(
        [{"gpus": "all", "power_limit": "default"}, {"gpus": [{"model": "T4"}], "ecc": False}], T4, OTHER, A100
    )
    assert does(told) == [
        "set power_limit of GPU 0 NVIDIA A100-SXM4-40GB (0000:17:00.0) to 400 W",
        "set ecc of GPU 1 Tesla T4 (0000:65:00.0) to False",
        "set power_limit of GPU 1 Tesla T4 (0000:65:00.0) to 70 W",
    ]
    assert told[0] == {
        "does": told[0]["does"],
        "setting": "power_limit",
        "from": None,
        "to": "400 W",
        "disruption": "none",
        "of": [],
    }


def test_a_value_that_the_card_cannot_have_and_an_unknown_uuid_are_not_expected():
    assert does(settings([{"gpus": "all", "power_limit": "5000", "persistence_mode": True}], T4)) == [
        "set persistence_mode of GPU 0 Tesla T4 (0000:65:00.0) to True"
    ]
    assert settings([{"gpus": [{"uuid": "GPU-0"}], "ecc": True}], T4) == []


def test_cards_start_with_mig_off_and_without_instances():
    wanted = [{"gpus": [{"model": "A100"}, {"model": "H100"}], "mig": "enabled", "instances": {"3g": 2}}]
    told = layouts(wanted, A100, H100, T4)
    assert does(told)[:2] == [
        "turn on MIG mode of GPU 0 NVIDIA H100 80GB HBM3 (0000:01:00.0)",
        "create GPU instance 3g.40gb on slices 0-3 of GPU 0 NVIDIA H100 80GB HBM3 (0000:01:00.0)",
    ]
    assert [(one["disruption"], one["of"]) for one in told if one["kind"] == "set_mode"] == [
        ("none", ["GPU 0"]),
        ("reset", ["GPU 1"]),
    ]
    assert not any("uuid" in one for one in told)


@pytest.mark.parametrize(
    "more",
    [
        {"config": "all-1g.5gb"},
        {
            "mig_parted": {
                "version": "v1",
                "mig-configs": {"a": [{"devices": "all", "mig-enabled": True, "mig-devices": {"1g.5gb": 7}}]},
            }
        },
    ],
)
def test_layouts_in_other_forms(more):
    told = layouts(None, A100, **more)
    assert [one["profile"] for one in told if one["kind"] == "create_gpu_instance"] == ["1g.5gb"] * 7
    assert layouts(None, T4, **more) == []


def test_of_a_card_that_the_catalogue_does_not_know_nothing_is_expected():
    unknown = on_the_bus("ffff", "99")
    assert settings([{"gpus": "all", "ecc": True}], T4, unknown) == []
    assert layouts([{"gpus": "all", "mig": "enabled", "instances": {"1g": 7}}], A100, {**A100, "device_id": None}) == []
    assert expected.actions("gpu", {"settings": []}, {}) == expected.actions("tls", {}, {"accelerators": [T4]}) == []


@pytest.mark.parametrize(
    "nonsense",
    [
        *(5, "10de", {"a": 1}, [5], ["10de"], [[]]),
        *([{"vendor_id": "10de"}], [{**T4, "device_id": "zz"}], [{**T4, "device_id": 7}], [{**T4, "pci_bus_id": 7}]),
    ],
)
def test_a_host_that_says_anything_of_its_cards_is_expected_nothing(nonsense):
    assert expected.actions("gpu", {"settings": [{"gpus": "all", "ecc": True}]}, {"accelerators": nonsense}) == []


def look():
    wanted = [{"gpus": "all", "mig": "enabled", "instances": {"7g.40gb": 1}}]
    entries = [host_look.entry(*one, "1" * 64) for one in (("driver", INSTALL), ("gpu", NO_DRIVER), ("mig", NO_DRIVER))]
    asked = {"gpu": {"settings": [{"gpus": "all", "power_limit": "300"}]}, "mig": {**MIG, "layouts": wanted}}
    plan = host_look.plan(entries, {"accelerators": [A100]}, ["driver", "gpu", "mig"], asked=asked)
    return {"host": "a", "status": "read", "why": "", **plan}


def test_a_plan_shows_what_is_expected_and_says_so():
    told = plan_text.lines([look()])
    assert "  gpu       after driver: set power_limit of GPU 0 NVIDIA A100-SXM4-40GB (0000:17:00.0) to 300 W" in told
    assert "  mig       after driver: GPU 0: MIG off -> on (resets the GPU), + 7g.40gb" in told
    assert not any("not installed" in line for line in told)
    layers = plan_json.document([look()])["hosts"][0]["layers"]
    assert [(one["layer"], one["after"], bool(one["actions"])) for one in layers[1:]] == [
        ("gpu", "driver", True),
        ("mig", "driver", True),
    ]


def test_a_plan_file_keeps_nothing_of_it():
    entry = plan_file.entry(look())
    assert entry["apply"] and [bool(layer["actions"]) for layer in entry["layers"]] == [True, False, False]
    assert "expected" not in str(entry)
