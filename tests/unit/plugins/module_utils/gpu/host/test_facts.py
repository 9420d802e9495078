# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import facts
from ansible_collections.edgesite.gpu.plugins.module_utils.machine.host import pci
from ansible_collections.edgesite.gpu.plugins.module_utils.machine.pci import Device

T4 = {"index": 0, "pci_bus_id": "0000:17:00.0", "pci_device_id": "1eb8", "name": "Tesla T4"}


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


def contradicted(monkeypatch, gpu, *on_bus):
    monkeypatch.setattr(pci, "read_candidates", lambda root="/": list(on_bus))
    return [entry["what"] for entry in facts.read(Nvml([gpu]))["unread"]]


def on_bus(device_id, vendor_id="10de"):
    return Device("0000:17:00.0", vendor_id, device_id, "030200")


def test_name_that_contradicts_the_pci_id(monkeypatch):
    assert contradicted(monkeypatch, T4) == []
    assert contradicted(monkeypatch, {**T4, "pci_device_id": "20b0"}) == ["gpu 0"]


def test_the_bus_knows_a_card_better_than_nvml(monkeypatch):
    assert contradicted(monkeypatch, T4, on_bus("20b0")) == ["gpu 0"]
    assert contradicted(monkeypatch, T4, on_bus("1eb8")) == []
    # a simulated card has an address that may be another maker's here
    assert contradicted(monkeypatch, T4, on_bus("20b0", "8086")) == []
