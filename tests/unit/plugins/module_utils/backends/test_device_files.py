# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import glob
import os

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.backends import device_files
from ansible_collections.edgesite.gpu.plugins.module_utils.core.mig_card import Client


@pytest.fixture
def proc(tmp_path, monkeypatch):
    """An empty /proc; gives a function that puts a process with open files there."""
    found = glob.glob

    def below(pattern):
        return found(str(tmp_path) + pattern if pattern.startswith("/proc") else pattern)

    def process(pid, name, *files):
        folder = tmp_path / "proc" / str(pid)
        (folder / "fd").mkdir(parents=True)
        if name is not None:
            (folder / "comm").write_text(name + "\n")
        for number, target in enumerate(files):
            (folder / "fd" / str(number)).symlink_to(target)

    monkeypatch.setattr(device_files.glob, "glob", below)
    return process


def test_processes_with_the_card_open_are_named_but_not_this_one(proc):
    proc(20, "nv-hostengine", "/dev/null", "/dev/nvidia1", "/dev/nvidia1")
    proc(9, "exporter", "/dev/nvidia1")
    proc(30, "other", "/dev/nvidia10", "/dev/nvidiactl")
    proc(os.getpid(), "python3", "/dev/nvidia1")
    assert device_files.holders(1) == [Client(9, "exporter"), Client(20, "nv-hostengine")]
    assert device_files.holders(0) == [] and device_files.holders(None) == []


def test_process_that_is_gone_meanwhile(proc):
    proc(20, None, "/dev/nvidia1")
    assert device_files.holders(1) == [Client(20, None)]
