# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import time

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import files, limited
from ansible_collections.edgesite.gpu.plugins.module_utils.common.unanswered import Unanswered
from ansible_collections.edgesite.gpu.plugins.module_utils.machine.host import secureboot


def test_what_is_read_and_what_is_raised_come_back(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    assert limited.call("the disk", files.read_bytes, str(tmp_path / "file")) == b"content"
    with pytest.raises(IsADirectoryError) as raised:
        limited.call("the disk", files.read_bytes, str(tmp_path))
    assert (raised.value.strerror, raised.value.filename) == ("Is a directory", str(tmp_path))


def test_device_that_does_not_answer(tmp_path):
    # a read that never ends, as of a disk that went away
    os.mkfifo(str(tmp_path / "sda"))
    began = time.monotonic()
    with pytest.raises(Unanswered, match="/dev/sda did not answer within 0.3 s.*disk errors"):
        limited.call("/dev/sda", files.read_bytes, str(tmp_path / "sda"), seconds=0.3)
    assert time.monotonic() - began < 30


def test_firmware_that_does_not_answer(tmp_path, monkeypatch):
    variables = tmp_path / "sys/firmware/efi/efivars"
    variables.mkdir(parents=True)
    os.mkfifo(str(variables / secureboot._VARIABLE))
    monkeypatch.setattr(limited.call, "__kwdefaults__", {"seconds": 0.3})
    with pytest.raises(Unanswered, match="the firmware's variable SecureBoot did not answer"):
        secureboot.read(str(tmp_path))
