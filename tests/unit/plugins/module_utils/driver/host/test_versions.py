# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import platform
from types import SimpleNamespace

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import command
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.host import versions

ELF = b"\x7fELF" + bytes([versions._ELF_CLASS])
ELF_OTHER = b"\x7fELF" + bytes([3 - versions._ELF_CLASS])


@pytest.fixture
def modinfo(monkeypatch):
    """What modinfo answers to `run`; ran holds the calls."""
    state = SimpleNamespace(ran=[], answer=command.Result(1, b"", "modinfo: ERROR: Module nvidia not found."))
    monkeypatch.setattr(command, "find", lambda program: "/sbin/" + program)

    def run(argv, data=None, timeout=0):
        state.ran.append(list(argv))
        return state.answer

    state.run = run
    return state


def put(root, name, content):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def put_library(root, folder, version, elf=ELF):
    put(root, "{0}/libnvidia-ml.so.{1}".format(folder, version), elf)
    os.symlink("libnvidia-ml.so." + version, str(root / folder / "libnvidia-ml.so.1"))


def test_host_without_nvidia_runs_nothing(tmp_path, modinfo):
    assert versions.read(modinfo.run, False, str(tmp_path)) == versions.DriverFiles(None, None, None, None)
    assert modinfo.ran == []


def test_loaded_driver(tmp_path, modinfo):
    modinfo.answer = command.Result(0, b"580.95.05\n", "")
    put(tmp_path, "sys/module/nvidia/version", b"580.82.07\n")
    put(tmp_path, "proc/driver/nvidia/version", b"NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.82.07\n")
    put_library(tmp_path, "usr/lib/{0}-linux-gnu".format(platform.machine()), "580.95.05")
    assert versions.read(modinfo.run, False, str(tmp_path)) == versions.DriverFiles(
        "580.82.07", "580.95.05", "580.95.05", "open"
    )
    assert modinfo.ran == [["/sbin/modinfo", "-F", "version", "nvidia"]]


def test_loaded_from_procfs_alone(tmp_path, modinfo):
    put(tmp_path, "proc/driver/nvidia/version", b"NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.163.01\n")
    found = versions.read(modinfo.run, False, str(tmp_path))
    assert (found.loaded, found.flavour, found.on_disk) == ("550.163.01", "proprietary", None)


@pytest.mark.parametrize("reason", ["device", "module"])
def test_on_disk_is_asked_for_a_reason(tmp_path, modinfo, reason):
    modinfo.answer = command.Result(0, b"580.95.05\n", "")
    if reason == "module":
        name = "lib/modules/{0}/modules.dep".format(os.uname().release)
        put(tmp_path, name, b"updates/dkms/nvidia.ko.xz: kernel/drivers/video.ko\n")
    assert versions.read(modinfo.run, reason == "device", str(tmp_path)).on_disk == "580.95.05"


def test_without_modinfo(tmp_path, modinfo, monkeypatch):
    monkeypatch.setattr(command, "find", lambda program: None)
    assert versions.read(modinfo.run, True, str(tmp_path)).on_disk is None


def test_library_of_the_cache_comes_first(tmp_path):
    put_library(tmp_path, "opt/nvidia/lib", "580.95.05")
    put_library(tmp_path, "usr/lib64", "550.163.01")
    cache = b"glibc-ld.so.cache1.1\0libnvidia-ml.so.1\0/opt/nvidia/lib/libnvidia-ml.so.1\0libc.so.6\0/lib/libc.so.6\0"
    put(tmp_path, "etc/ld.so.cache", cache)
    assert versions.user_space(str(tmp_path)) == "580.95.05"


def test_library_for_the_other_word_size_is_passed_over(tmp_path):
    put_library(tmp_path, "usr/lib64", "580.95.05", ELF_OTHER)
    assert versions.user_space(str(tmp_path)) is None
    put_library(tmp_path, "usr/lib", "550.163.01")
    assert versions.user_space(str(tmp_path)) == "550.163.01"


def test_library_that_cannot_be_read(tmp_path):
    # a folder of that name raises OSError on open
    (tmp_path / "usr/lib64/libnvidia-ml.so.1").mkdir(parents=True)
    assert versions.user_space(str(tmp_path)) is None
