# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import unlisted

FIRST, SECOND = "0000:17:00.0", "0000:65:00.0"
INFORMATION = (
    "Model: \t\t NVIDIA L4\nDevice Minor: \t {minor}\nGPU Firmware: \t 580.95.05\nGPU Excluded:\t {excluded}\n"
)


class Host:
    """The files of a host with cards."""

    def __init__(self, root):
        self.root = Path(root)

    def put(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def card(self, address, minor=0, driver="nvidia", excluded="No", physical=None, node=True, class_code="0x030200"):
        folder = "sys/bus/pci/devices/" + address
        for name, value in (("vendor", "0x10de"), ("device", "0x27b8"), ("class", class_code)):
            self.put(f"{folder}/{name}", value + "\n")
        (self.root / folder / "driver").symlink_to("../../drivers/" + driver)
        if physical:
            (self.root / folder / "physfn").symlink_to("../" + physical)
        if minor is not None:
            text = INFORMATION.format(minor=minor, excluded=excluded)
            self.put(f"proc/driver/nvidia/gpus/{address}/information", text)
        if node:
            self.put(f"dev/nvidia{minor}", "")

    def unlisted(self, *listed):
        return unlisted.read(listed, str(self.root))


@pytest.fixture(name="host")
def fixture_host(tmp_path):
    return Host(tmp_path)


def test_card_that_nvml_does_not_list(host):
    host.card(FIRST)
    host.card(SECOND, minor=1)
    assert host.unlisted(FIRST) == [SECOND]
    assert host.unlisted() == [FIRST, SECOND]
    assert host.unlisted(FIRST, SECOND) == []


@pytest.mark.parametrize(
    "other",
    [
        {"driver": "vfio-pci"},
        {"excluded": "Yes"},
        {"physical": SECOND},
        # a container that has other cards
        {"node": False},
        {"minor": None, "node": False},
        # an NVSwitch
        {"class_code": "0x068000"},
    ],
    ids=str,
)
def test_card_that_nvml_should_not_list(host, other):
    host.card(FIRST, **other)
    assert host.unlisted() == []


def test_host_without_cards(host):
    assert host.unlisted() == []


def test_card_that_is_lost_is_not_told_twice(host, monkeypatch):
    monkeypatch.setattr(unlisted, "read", lambda _listed: [SECOND])
    lost = {1: EdgesiteError("GPU 1: the GPU has fallen off the bus")}
    assert unlisted.added(lost, [FIRST]) == lost
    found = unlisted.added({}, [FIRST])
    assert list(found) == [SECOND] and "is on the PCI bus" in found[SECOND].problem


def test_card_of_which_nobody_knows_whether_nvml_lists_it(host, monkeypatch):
    monkeypatch.setattr(unlisted, "read", lambda _listed: [FIRST, SECOND])
    found = unlisted.added({0: EdgesiteError("GPU 0: the GPU has fallen off the bus")}, [])
    assert list(found) == [0, FIRST, SECOND]
    assert "NVML does not list it, or has lost it: " in found[FIRST].problem


def test_card_whose_files_cannot_be_read(host):
    host.card(FIRST)
    information = host.root / f"proc/driver/nvidia/gpus/{FIRST}/information"
    information.unlink()
    information.symlink_to("information")
    assert host.unlisted() == []


@pytest.mark.parametrize("error", [NotADirectoryError, PermissionError])
def test_bus_that_cannot_be_read(host, monkeypatch, error):
    def refuse(_folder):
        raise error

    host.card(FIRST)
    monkeypatch.setattr(unlisted.pci_bus.os, "listdir", refuse)
    assert host.unlisted() == []
