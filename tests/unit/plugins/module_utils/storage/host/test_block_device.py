# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies on a device, found by the real wipefs and blkid in a file that stands for it."""

from __future__ import annotations

import subprocess

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.storage import luks2
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.host import block_device, survey
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.host.block_device import Device
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.volume import ours
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.storage.test_luks2 import binary

MIB = 1 << 20
SIZE = 600 * MIB


@pytest.fixture
def disk(tmp_path, monkeypatch):
    """A disk of nothing but zeros."""
    sysfs = tmp_path / "sys"
    sysfs.mkdir()
    (sysfs / "size").write_text(str(SIZE // 512))
    monkeypatch.setattr(block_device, "_sys", lambda kernel: str(sysfs))
    path = tmp_path / "disk"
    path.touch()
    with path.open("r+b") as stream:
        stream.truncate(SIZE)
    return path


def content(disk, run):
    device = Device(str(disk), "vdb")
    return block_device.content(run, device, survey.filled(device.node, block_device.look(device).size))


def write(disk, offset, data):
    with disk.open("r+b") as stream:
        stream.seek(offset)
        stream.write(data)


def make_ext4(disk, offset):
    made = ["/sbin/mke2fs", "-q", "-t", "ext4", "-E", "offset={0}".format(offset), str(disk), "18M"]
    subprocess.run(made, check=True, stderr=subprocess.DEVNULL)


def test_zeros_are_empty(disk, module_run):
    assert content(disk, module_run) == ()


@pytest.mark.parametrize("mib", [1, 2, 513, SIZE // MIB - 19])
def test_a_file_system_whose_partition_is_in_no_table_is_found(disk, module_run, mib):
    make_ext4(disk, mib * MIB)
    assert content(disk, module_run) == ("ext4 from MiB {0} on, in no partition".format(mib),)


@pytest.mark.parametrize("offset", [0, 5000, MIB, 16 * MIB - 1, 17 * MIB, 512 * MIB, SIZE - 1])
def test_anything_but_zeros_is_found(disk, module_run, offset):
    write(disk, offset, b"\1")
    said = "data without a signature from MiB {0} on, in no partition".format(offset // MIB)
    assert content(disk, module_run) == (said,)


def test_a_signature_is_named(disk, module_run):
    subprocess.run(["/sbin/mke2fs", "-q", "-t", "ext4", "-L", "precious", str(disk)], check=True)
    assert content(disk, module_run) == ("ext4 'precious'",)


@pytest.mark.parametrize("segment", [{"type": "linear"}, {"type": "hw-opal"}])
def test_luks_of_others_is_not_empty_and_not_broken(disk, module_run, segment):
    write(disk, 0, binary({"segments": {"0": segment}}, subsystem=""))
    assert content(disk, module_run) == ("crypto_LUKS",)
    assert not ours(luks2.parse(block_device.look(Device(str(disk), "vdb")).start, str(disk)))


def test_another_content_has_another_fingerprint(disk):
    found = set()
    for offset in (None, 0, MIB, 512 * MIB, SIZE - 1):
        if offset is not None:
            write(disk, offset, b"\1")
        found.add(survey.fingerprint(survey.filled(str(disk), SIZE)))
    assert len(found) == 5
    assert all(len(one) == 12 for one in found)


def test_a_device_that_cannot_be_read(tmp_path):
    with pytest.raises(EdgesiteError, match="cannot read .*nothing: No such file"):
        survey.filled(str(tmp_path / "nothing"), MIB)
