# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that stand for hardware, and the mirror that images come from."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from edgelab import definition, disk, hardware, mirror


def test_secure_boot() -> None:
    assert hardware.files(definition.Hardware(secure_boot=True)) == {hardware.SECURE_BOOT: b"\x06\0\0\0\x01"}
    assert hardware.files(definition.Hardware(secure_boot=False)) == {hardware.SECURE_BOOT: b"\x06\0\0\0\0"}
    assert hardware.files(definition.Hardware()) == {}


def test_pci_card() -> None:
    card = definition.PciCard("19e5", "d500", "120000", "0000:c1:00.0")
    tree = hardware.files(definition.Hardware(pci=(card,)))
    base = "sys/bus/pci/devices/0000:c1:00.0"
    assert tree[f"{base}/vendor"] == b"0x19e5\n"
    assert tree[f"{base}/class"] == b"0x120000\n"
    assert tree[f"{base}/config"][:4] == b"\xe5\x19\x00\xd5"


def test_jetson() -> None:
    jetson = definition.load("demo").host("jetson-1").hardware
    base = "sys/firmware/devicetree/base"
    assert hardware.files(jetson)[f"{base}/compatible"].endswith(b"nvidia,tegra234\0")
    assert hardware.disk_files(jetson)["etc/nv_tegra_release"] == (
        b"# R36 (release), REVISION: 4.7, GCID: 42132812, BOARD: generic, EABI: aarch64,"
        b" DATE: Thu Sep 18 22:54:44 UTC 2025\n"
    )


def test_archive_ends_where_podman_stops_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "_keys", lambda _tar, _state, _host: None)
    site = definition.load("demo")
    content = disk.archive(tmp_path, site, site.host("hub"))
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        last = tar.getmembers()[-1]
        assert last.name == "etc/hosts"
    data = last.offset_data + -(-last.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
    assert content[data:] == bytes(2 * tarfile.BLOCKSIZE)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("sources.list", "deb [signed-by=/k.gpg] http://mirror.example/debian bookworm main\n"),
        (
            "sources.list.d/a.list",
            "deb http://v.example/apt x main\ndeb http://mirror.example/debian x main\n",
        ),
        ("sources.list.d/debian.sources", "Types: deb\n# old\nURIs: http://mirror.example/debian\nSuites: bookworm\n"),
    ],
)
def test_mirror(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / "apt/sources.list.d").mkdir(parents=True)
    (tmp_path / "os-release").write_text("NAME=x\nID=debian\n")
    (tmp_path / "apt" / file).write_text(text)
    assert mirror.find(tmp_path) == "http://mirror.example/debian"


def test_mirror_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "os-release").write_text("NAME=x\nID=ubuntu\n")
    assert mirror.find(tmp_path) == mirror.DEFAULT
