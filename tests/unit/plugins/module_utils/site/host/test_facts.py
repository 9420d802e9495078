# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The composition of all readers."""

from __future__ import annotations

import json
import os
import threading

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.command import Result
from ansible_collections.edgesite.gpu.plugins.module_utils.common.reading import Reading, unread
from ansible_collections.edgesite.gpu.plugins.module_utils.common.unanswered import unanswered
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.host import versions
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import facts as nvml_facts
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.host import board
from ansible_collections.edgesite.gpu.plugins.module_utils.machine.host import pci
from ansible_collections.edgesite.gpu.plugins.module_utils.site.host import facts
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm.host import read as tpm

GPU = {"index": 0, "pci_bus_id": "0000:17:00.0", "name": "NVIDIA A100-SXM4-40GB"}
READ = {
    "gpus": [GPU],
    "driver": {"nvml_status": "ok", "version": "580.95.05", "nvml_version": "13.580.95.05", "cuda_version": "13.0"},
    "unread": [],
}


def absent(status):
    entry = {"what": "nvml", "why": "why", "fix": "fix", "status": status}
    return {"gpus": [], "driver": {"nvml_status": status}, "unread": [entry]}


def no_program(argv, data=None, timeout=0):
    """A host without programs."""
    return Result(None, b"", argv[0])


class Nvml:
    """Stands in for the reader of GPUs; asked holds the paths of pynvml that it was called with."""

    def __init__(self):
        self.answer = absent("library_not_found")
        self.asked = []

    def read(self, nvml):
        nvml.close()
        self.asked.append(nvml.pynvml_path)
        return self.answer


@pytest.fixture
def nvml(monkeypatch):
    made = Nvml()
    monkeypatch.setattr(nvml_facts, "read", made.read)
    return made


def put_card(root, address="0000:17:00.0", vendor="0x10de", device="0x20b0", klass="0x030200"):
    folder = root / "sys/bus/pci/devices" / address
    folder.mkdir(parents=True)
    for name, value in (("vendor", vendor), ("device", device), ("class", klass)):
        (folder / name).write_text(value + "\n")


def test_plain_host(tmp_path, nvml):
    found = facts.read(no_program, root=str(tmp_path))
    assert found["gpus"] == []
    assert found["accelerators"] == []
    assert (found["jetson"], found["tpm"], found["secure_boot"]) == (None, None, "unsupported")
    assert found["driver"]["nvml_status"] == "library_not_found"
    assert found["driver"]["mismatch"] is False
    # that there is no driver is no news on a host without NVIDIA hardware
    assert found["unread"] == []
    assert len(nvml.asked) == 1
    json.dumps(found)


def test_this_machine(nvml, module_run):
    found = facts.read(module_run)
    assert sorted(found) == sorted([*facts.SUBSETS, "unread"])
    assert found["host"]["kernel"] == os.uname().release


@pytest.mark.parametrize("status", ["library_not_found", "pynvml_missing", "gpu_is_lost"])
def test_card_without_driver_is_told(tmp_path, nvml, status):
    put_card(tmp_path)
    nvml.answer = absent(status)
    found = facts.read(no_program, ["gpus"], root=str(tmp_path))
    assert [entry["what"] for entry in found["unread"]] == ["nvml"]


def test_library_without_card_is_told(tmp_path, nvml, monkeypatch):
    # a guest whose GPU is gone, or a Jetson: NVML could have been read
    monkeypatch.setattr(versions, "user_space", lambda root: "580.95.05")
    nvml.answer = absent("pynvml_missing")
    assert len(facts.read(no_program, ["gpus"], root=str(tmp_path))["unread"]) == 1


def test_gpu_host(tmp_path, nvml):
    put_card(tmp_path)
    nvml.answer = READ
    (tmp_path / "sys/module/nvidia").mkdir(parents=True)
    (tmp_path / "sys/module/nvidia/version").write_text("580.82.07\n")
    found = facts.read(
        no_program, ["gpus", "driver", "accelerators"], pynvml_path="/tmp/pynvml.zip", root=str(tmp_path)
    )
    assert nvml.asked == ["/tmp/pynvml.zip"]
    assert found["gpus"] == [GPU]
    assert found["driver"]["loaded"] == "580.82.07"
    assert found["driver"]["user_space"] == "580.95.05"
    assert found["driver"]["mismatch"] is True
    assert "580.82.07 is loaded" in found["driver"]["mismatch_reason"]
    (card,) = found["accelerators"]
    assert (card["vendor"], card["kind"], card["name"], card["class"]) == (
        "nvidia",
        "gpu",
        "NVIDIA A100-SXM4-40GB",
        "030200",
    )
    assert found["unread"] == []


def test_card_that_only_nvml_can_name(tmp_path, nvml):
    put_card(tmp_path, device="0xffff")
    nvml.answer = {**READ, "gpus": [{**GPU, "pci_bus_id": "0000:17:00.0", "name": "NVIDIA Z100"}]}
    found = facts.read(no_program, ["gpus", "accelerators"], root=str(tmp_path))
    assert [card["name"] for card in found["accelerators"]] == ["NVIDIA Z100"]


def test_missing_pynvml_is_never_silent_where_there_is_a_library_for_it(tmp_path, nvml):
    nvml.answer = absent("pynvml_missing")
    found = facts.read(no_program, ["gpus"], root=str(tmp_path))
    assert [entry["status"] for entry in found["unread"]] == ["pynvml_missing"]


def test_accelerators_of_other_makers(tmp_path, nvml):
    put_card(tmp_path, "0000:01:00.0", "0x19e5", "0xd500", "0x120000")
    put_card(tmp_path, "0000:02:00.0", "0x10de", "0xffff", "0x030200")
    put_card(tmp_path, "0000:03:00.0", "0x8086", "0x1234", "0x060000")
    found = facts.read(no_program, ["accelerators"], root=str(tmp_path))
    assert [(card["vendor"], card["name"]) for card in found["accelerators"]] == [
        ("huawei", "Ascend 310P"),
        ("nvidia", None),
    ]
    assert nvml.asked == []


def test_card_that_the_distribution_can_name(tmp_path, nvml):
    put_card(tmp_path, "0000:01:00.0", device="0x2235")
    put_card(tmp_path, "0000:02:00.0")
    listed = tmp_path / "usr/share/misc/pci.ids"
    listed.parent.mkdir(parents=True)
    listed.write_text("10de  NVIDIA Corporation\n\t20b0  GA100 [A100 SXM4 40GB]\n\t2235  GA102GL [A40]\n")
    found = facts.read(no_program, ["accelerators"], root=str(tmp_path))
    assert [card["name"] for card in found["accelerators"]] == ["A40", "NVIDIA A100-SXM4-40GB"]


def test_only_what_is_asked_for(tmp_path, nvml):
    found = facts.read(no_program, ["host"], root=str(tmp_path))
    assert sorted(found) == ["host", "unread"]


def test_unread_of_readers_is_gathered(tmp_path, nvml, monkeypatch):
    monkeypatch.setattr(tpm, "read", lambda run, tcti, root: Reading(None, [unread("tpm", tcti, "fix")]))
    monkeypatch.setattr(board, "read", lambda run, root: Reading({}, [unread("jetson.l4t", "why", "fix")]))
    found = facts.read(no_program, ["jetson", "tpm"], tpm_tcti="device:/dev/tpm9", root=str(tmp_path))
    assert [(entry["what"], entry["why"]) for entry in found["unread"]] == [
        ("jetson.l4t", "why"),
        ("tpm", "device:/dev/tpm9"),
    ]


def test_tpm_is_read_beside_the_rest(tmp_path, nvml, monkeypatch):
    began = threading.Event()

    def slow_tpm(run, tcti, root):
        return Reading("read" if began.wait(10) else "alone")

    def read_devices(root):
        began.set()
        return []

    monkeypatch.setattr(tpm, "read", slow_tpm)
    monkeypatch.setattr(pci, "read_candidates", read_devices)
    assert facts.read(no_program, ["tpm", "accelerators"], root=str(tmp_path))["tpm"] == "read"


@pytest.mark.parametrize(
    "error, part",
    [
        (PermissionError(13, "Permission denied"), "become"),
        (ValueError("odd"), "report"),
        (unanswered("modinfo", 15, killed=True), "dmesg"),
    ],
)
def test_a_reader_that_fails_leaves_the_rest(tmp_path, nvml, monkeypatch, error, part):
    def fail(*args):
        raise error

    monkeypatch.setattr(pci, "read_candidates", fail)
    monkeypatch.setattr(tpm, "read", fail)
    found = facts.read(no_program, root=str(tmp_path))
    assert (found["accelerators"], found["tpm"]) == ([], None)
    # the driver's facts and NVML's judgement need the PCI bus as well
    assert {entry["what"] for entry in found["unread"]} == {"nvml", "driver", "accelerators", "tpm"}
    assert all(part in entry["fix"] for entry in found["unread"])
    assert found["host"]["architecture"]
