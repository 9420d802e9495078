# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nvidia_driver_info over SSH, on hosts whose driver is in each of its states."""

from __future__ import annotations

import pytest

HOST = "node"
VERSION = "550.163.01"

# A kernel's folder, with a module file that modinfo can read: an ELF file with nothing but the section .modinfo.
KERNEL = r"""
import os, struct, subprocess, sys

release, version, license_name = sys.argv[1:]
tree = os.path.join("/lib/modules", release)
os.makedirs(os.path.join(tree, "kernel"), exist_ok=True)
os.makedirs(os.path.join(tree, "build"), exist_ok=True)
for name in ("modules.order", "modules.builtin"):
    open(os.path.join(tree, name), "w").close()
if version:
    info = "version={0}\0license={1}\0name=nvidia\0vermagic={2} SMP\0".format(version, license_name, release).encode()
    names = b"\0.modinfo\0.shstrtab\0"
    head = 64
    table = head + len(info) + len(names)
    section = struct.Struct("<IIQQQQIIQQ")
    sections = (
        section.pack(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        + section.pack(1, 1, 2, 0, head, len(info), 0, 0, 1, 0)
        + section.pack(10, 3, 0, 0, head + len(info), len(names), 0, 0, 1, 0)
    )
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    elf = ident + struct.pack("<HHIQQQIHHHHHH", 1, 62, 1, 0, 0, table, 0, 64, 0, 0, 64, 3, 2)
    os.makedirs(os.path.join(tree, "updates/dkms"), exist_ok=True)
    with open(os.path.join(tree, "updates/dkms/nvidia-current.ko"), "wb") as stream:
        stream.write(elf + info + names + sections)
subprocess.run(["depmod", release], check=True)
"""
NEXT = "99.0.0-1-amd64"


class Driver:
    """The driver of a host, from below."""

    def __init__(self, lab, ansible):
        self.lab = lab
        self.ansible = ansible
        self.running = lab.on(HOST, "uname", "-r").strip()

    def info(self, **options):
        found = self.ansible.module(HOST, "nvidia_driver_info", **options)
        assert not found["failed"] and not found["changed"], found
        return found

    def kernel(self, release, version="", license_name="NVIDIA"):
        self.lab.on(HOST, "python3", "-c", KERNEL, release, version, license_name)

    def turns(self, state):
        """loaded, unloaded or mismatch, in NVML and in sysfs."""
        self.lab.sim(HOST, "driver", state)
        self.lab.sim(HOST, "sysfs", "--root", "/usr/lib/edgelab/live")


@pytest.fixture(name="driver")
def fixture_driver(lab, ansible):
    driver = Driver(lab, ansible)
    yield driver
    lab.on(HOST, "sh", "-c", "rm -rf /lib/modules; systemctl stop pin; systemctl reset-failed", check=False)
    driver.turns("loaded")


def test_driver_that_is_well(driver):
    info = driver.info()
    assert (info["verdict"], info["reasons"], info["fix"], info["unread"]) == ("ok", [], None, [])
    assert info["loaded"] == {"version": VERSION, "flavour": "proprietary"}
    # nothing is installed on the host; pynvml travelled with the module
    assert (info["user_space"], info["nvml_status"]) == (VERSION, "ok")
    assert [(gpu["name"], gpu["architecture"], gpu["driver"]) for gpu in info["gpus"]] == [
        ("NVIDIA A100-SXM4-40GB", "ampere", "nvidia"),
        ("Tesla T4", "turing", "nvidia"),
    ]
    assert info["kernel"] == {"running": driver.running, "newest": None, "headers": {}}
    assert driver.info(check=True) == info


def test_host_without_anything(ansible):
    info = ansible.module("hub", "nvidia_driver_info", become=False)
    assert (info["verdict"], info["gpus"], info["fix"], info["unread"]) == ("absent", [], None, [])


def test_module_that_is_not_loaded(driver):
    driver.turns("unloaded")
    info = driver.info()
    assert info["verdict"] == "broken" and "no kernel of its own" in info["reasons"][0]
    driver.kernel(driver.running, VERSION)
    info = driver.info()
    assert (info["verdict"], info["loaded"], info["nvml_status"]) == ("reload_required", None, "driver_not_loaded")
    assert VERSION in info["reasons"][0] and "modprobe" in info["fix"]
    (module,) = info["on_disk"]
    assert (module["version"], module["flavour"], module["running"], module["newest"], module["signed"]) == (
        VERSION,
        "proprietary",
        True,
        True,
        False,
    )


@pytest.mark.deep
def test_libraries_that_were_updated_and_who_holds_the_module(driver):
    driver.turns("mismatch")
    info = driver.info()
    assert (info["verdict"], info["nvml_status"]) == ("reload_required", "lib_rm_version_mismatch")
    driver.lab.on(
        HOST,
        *["systemd-run", "--unit=pin", "-p", "Type=exec", "-p", "StandardInput=file:/dev/nvidia0"],
        *["sleep", "infinity"],
    )
    info = driver.info()
    assert info["verdict"] == "reboot_required"
    (holder,) = info["holders"]
    assert (holder["name"], holder["kind"], holder["blocks"]) == ("sleep", "process", True)
    assert "sleep (pid {0})".format(holder["pid"]) in info["reasons"][0]


@pytest.mark.deep
def test_processes_that_nvml_knows_hold_the_driver(driver):
    pid = int(driver.lab.sim(HOST, "run-process", "--gpu", "0", "--memory", "100", "--name", "training"))
    assert {"pid": pid, "name": "training", "kind": "process", "blocks": True} in driver.info()["holders"]


def test_next_kernel(driver):
    driver.kernel(driver.running, VERSION)
    driver.kernel(NEXT)
    info = driver.info()
    assert (info["verdict"], info["kernel"]["newest"]) == ("broken", NEXT)
    assert "the driver would not load after the next reboot" in info["reasons"][0].lower() and NEXT in info["fix"]
    driver.kernel(NEXT, "580.95.05", "Dual MIT/GPL")
    info = driver.info()
    assert info["verdict"] == "broken"
    assert all(word in info["reasons"][0] for word in (NEXT, VERSION, "580.95.05"))
    driver.kernel(NEXT, VERSION)
    info = driver.info()
    assert (info["verdict"], info["kernel"]["headers"]) == ("ok", {driver.running: True, NEXT: True})


@pytest.mark.deep
def test_module_that_waits_for_the_next_kernel(driver):
    driver.turns("unloaded")
    driver.kernel(driver.running)
    driver.kernel(NEXT, VERSION)
    info = driver.info()
    assert info["verdict"] == "reboot_required" and NEXT in info["fix"]
