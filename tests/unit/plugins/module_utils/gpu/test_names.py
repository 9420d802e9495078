# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import catalogue, names


def gpu(name):
    return {"index": 1, "pci_bus_id": "0000:17:00.0", "name": name}


@pytest.mark.parametrize(
    ("name", "device", "known"),
    [
        ("Tesla T4", "20b0", "NVIDIA A100-SXM4-40GB"),
        ("NVIDIA T4", "20b0", "NVIDIA A100-SXM4-40GB"),
        ("NVIDIA H100 PCIe", "2330", "NVIDIA H100 80GB HBM3"),
    ],
)
def test_name_of_another_card(name, device, known):
    told = str(names.contradiction(gpu(name), device))
    assert f"GPU 1 at 0000:17:00.0 is called {name} by NVML, but its PCI id {device} is that of {known}" in told
    assert "lspci -nn -s 0000:17:00.0" in told


@pytest.mark.parametrize("model", catalogue.MODELS, ids=lambda model: model.key)
def test_names_that_drivers_give_a_card(model):
    for name in (model.name, *model.other_names):
        for device in model.pci_device_ids:
            assert names.contradiction(gpu(name), f"{device:04x}") is None
            assert names.contradiction(gpu(name.replace("NVIDIA ", "")), f"{device:04x}") is None


@pytest.mark.parametrize(
    ("name", "device"),
    [
        ("GRID A100-4C", "20f1"),
        ("GRID T4-16Q", "1eb8"),
        ("NVIDIA A16-4C", "25b6"),
        ("NVIDIA A30-1-6C", "20b7"),
        ("NVIDIA GH200 120GB", "2342"),
        ("NVIDIA A100-PG509-200", "20b0"),
        ("NVIDIA Graphics Device", "2330"),
        ("NVIDIA Device 2330", "2330"),
        ("NVIDIA GeForce RTX 3050", "2bb5"),
        ("Tesla T4", "1eb9"),
        ("Tesla T4", "ffff"),
    ],
)
def test_names_that_no_catalogue_has_do_not_contradict(name, device):
    assert names.contradiction(gpu(name), device) is None
