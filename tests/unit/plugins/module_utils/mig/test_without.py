# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import catalogue
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.selectors import GpuId
from ansible_collections.edgesite.gpu.plugins.module_utils.mig import ready, source
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.card import Card
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.plan import Policy, judge
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import card


def document(enabled):
    """A file of mig-parted."""
    return {"version": "v1", "mig-configs": {"a": [{"devices": "all", "mig-enabled": enabled, "mig-devices": {}}]}}


def without(key, name=None, **changes):
    """A card of the model whose driver tells of no MIG."""
    model = catalogue.by_key(key)
    gpu = GpuId(0, "GPU-0", "0000:17:00.0", name or model.name)
    return Card(gpu, None, pci_id=model.pci_device_ids[0] << 16 | 0x10DE, **changes)


def told(one):
    (problem,) = judge([{"gpus": "all", "instances": {}}], [one], Policy()).problems
    return str(problem)


def test_card_that_has_none():
    assert "GPU 0 Tesla T4 (GPU-0, 0000:17:00.0), which has no MIG. Name only GPUs with MIG" in told(without("T4"))
    assert "which has no MIG" in told(replace(without("T4"), pci_id=0))


def test_card_that_nobody_knows():
    unheard = Card(GpuId(0, "GPU-0", "0000:17:00.0", "NVIDIA Z100"), None, pci_id=0xFFFF10DE)
    assert "which does not support it. Name only GPUs with MIG" in told(unheard)


@pytest.mark.parametrize(
    ("one", "fix"),
    [
        (without("A100-40"), "Use driver 450.80.02 or newer (driver_branch), and reboot"),
        (without("B300", virtualization="none"), "Use driver 580.65.06 or newer (driver_branch), and reboot"),
        (
            without("H100-80", virtualization="passthrough"),
            "525.85.12 or newer (driver_branch) in this guest; if it is, ask who runs",
        ),
        (without("A100-40", "GRID A100-4C", virtualization="vgpu_guest"), "Set the layout on the host of this guest"),
        (without("RTXPRO6000-WS"), "Use driver 575.51.03 or newer (driver_branch), and set the card to compute mode"),
    ],
)
def test_card_that_has_mig_and_a_driver_that_tells_of_none(one, fix):
    assert "which has MIG, but its driver says that it has none. " in told(one)
    assert fix in told(one)


@pytest.mark.parametrize(
    ("one", "fix"),
    [
        (without("A100-40", driver="450.80.02"), "Reboot the host; if 'nvidia-smi -q -d MIG' still shows N/A, run"),
        (without("H100-80", virtualization="passthrough", driver="580.95.05"), "Ask who runs the host of this guest"),
        (without("RTXPRO6000-WS", driver="580.95.05"), "Set the card to compute mode with NVIDIA's displaymode"),
    ],
)
def test_driver_that_is_new_enough_is_not_to_be_newer(one, fix):
    assert fix in told(one) and "or newer" not in told(one)


@pytest.mark.parametrize("driver", ["570.9", "575.51.02"])
def test_driver_that_is_too_old(driver):
    assert told(without("RTXPRO6000-WS", driver=driver)).endswith(
        "Use driver 575.51.03 or newer (driver_branch), and reboot."
    )


def test_ready_layout():
    with pytest.raises(EdgesiteError, match=r"has MIG, but its driver says that it has none\. Use driver 450"):
        ready.layouts("all-balanced", [without("A100-40"), card("A100-40", index=1)], "mig_config")
    assert ready.layouts("all-disabled", [without("A100-40")], "mig_config") == []


def test_file_does_not_pass_over_it():
    cards = [without("A100-40"), card("A100-40", index=1)]
    (problem,) = judge(source.from_parted(document(True), None, cards), cards, Policy()).problems
    assert "which has MIG, but its driver says that it has none" in str(problem)
    assert judge(source.from_parted(document(False), None, cards), cards, Policy()).problems == []
