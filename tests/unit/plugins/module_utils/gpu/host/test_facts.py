# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import facts
from ansible_collections.edgesite.gpu.plugins.module_utils.machine.host import pci
from ansible_collections.edgesite.gpu.plugins.module_utils.machine.pci import Device

T4 = {
    "index": 0,
    "pci_bus_id": "0000:17:00.0",
    "pci_device_id": "1eb8",
    "name": "Tesla T4",
    "mig": None,
    "vgpu": {"virtualization_mode": "none"},
    "fabric": None,
}


class Nvml:
    """Stands in for the process that asks NVML."""

    def __init__(self, gpus):
        self.gpus = gpus

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        pass

    def ask(self, function):
        return (self.gpus, {}) if function is facts.read_gpus else {"nvml_status": "ok"}


def unread_of(monkeypatch, gpu, *on_bus):
    monkeypatch.setattr(pci, "read_candidates", lambda root="/": list(on_bus))
    return [entry["what"] for entry in facts.read(Nvml([gpu]))["unread"]]


def on_bus(device_id, vendor_id="10de"):
    return Device("0000:17:00.0", vendor_id, device_id, "030200")


def test_name_that_contradicts_the_pci_id(monkeypatch):
    assert unread_of(monkeypatch, T4) == []
    assert unread_of(monkeypatch, {**T4, "pci_device_id": "20b0"}) == ["gpu 0"]


def test_the_bus_knows_a_card_better_than_nvml(monkeypatch):
    assert unread_of(monkeypatch, T4, on_bus("20b0")) == ["gpu 0"]
    assert unread_of(monkeypatch, T4, on_bus("1eb8")) == []
    # a simulated card has an address that may be another maker's here
    assert unread_of(monkeypatch, T4, on_bus("20b0", "8086")) == []


def test_gpu_that_has_not_joined_its_fabric(monkeypatch):
    started = {"state": "in_progress", "status": None, "clique_id": None}
    h100 = {**T4, "name": "NVIDIA H100 80GB HBM3", "pci_device_id": "2330", "fabric": started}
    assert unread_of(monkeypatch, h100) == ["gpu 0"]
