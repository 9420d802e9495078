# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The readers of files, on made-up trees."""

from __future__ import annotations

import os

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import files
from ansible_collections.edgesite.gpu.plugins.module_utils.machine.host import pci, pci_ids, secureboot, system

VARIABLE = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


def put(root, name, content=""):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content)
    return path


def refuse(monkeypatch, ending):
    """Reading files whose name ends so is refused: tests may run as root, whom no mode keeps out."""
    really = files.read_bytes

    def read_bytes(path, limit=-1):
        if path.endswith(ending):
            raise PermissionError(13, "Permission denied", path)
        return really(path, limit)

    monkeypatch.setattr(files, "read_bytes", read_bytes)


def put_device(root, address, driver=None, group=None, pf=None, **values):
    base = "sys/bus/pci/devices/" + address
    for name, value in values.items():
        put(root, "{0}/{1}".format(base, name.replace("klass", "class")), value + "\n")
    for name, target in (("driver", driver), ("iommu_group", group), ("physfn", pf)):
        if target:
            os.symlink("../../somewhere/" + target, str(root / base / name))


def test_pci_reads_a_card_and_leaves_the_rest(tmp_path):
    root = str(tmp_path)
    card = {"vendor": "0x10de", "device": "0x20b0", "klass": "0x030200"}
    put_device(
        tmp_path,
        "0000:17:00.0",
        driver="nvidia",
        group="42",
        subsystem_vendor="0x10de",
        subsystem_device="0x1450",
        numa_node="1",
        **card,
    )
    put_device(tmp_path, "0000:17:00.4", pf="0000:17:00.0", **card)
    put_device(tmp_path, "0000:00:1f.0", vendor="0x1af4", device="0x1041", klass="0x020000")
    # a device on its way out
    put_device(tmp_path, "0000:18:00.0", vendor="0x10de")
    first, second = pci.read_candidates(root)
    assert (first.pci_bus_id, first.vendor_id, first.device_id) == ("0000:17:00.0", "10de", "20b0")
    assert (first.driver, first.iommu_group, first.numa_node) == ("nvidia", 42, 1)
    assert (first.subsystem_vendor_id, first.subsystem_device_id) == ("10de", "1450")
    assert first.physical_function is None
    assert (second.driver, second.iommu_group, second.numa_node) == (None, None, None)
    assert second.physical_function == "0000:17:00.0"


def test_pci_of_a_device_that_cannot_be_read(tmp_path, monkeypatch):
    put_device(tmp_path, "0000:17:00.0", vendor="0x10de", klass="0x030200")
    refuse(monkeypatch, "vendor")
    assert pci.read_candidates(str(tmp_path)) == []


def test_no_pci_bus(tmp_path):
    assert pci.read_candidates(str(tmp_path)) == []


@pytest.mark.parametrize("place", ["usr/share/misc/pci.ids", "usr/share/hwdata/pci.ids"])
def test_names_in_the_list_of_the_distribution(tmp_path, place):
    put(tmp_path, place, "10de  NVIDIA Corporation\n\t2235  GA102GL [A40]\n")
    assert pci_ids.names(["10de:2235"], str(tmp_path)) == {"10de:2235": "A40"}


def test_list_of_names_that_cannot_be_read(tmp_path, monkeypatch):
    assert pci_ids.names(["10de:2235"], str(tmp_path)) == {}
    (tmp_path / "usr/share/misc/pci.ids").mkdir(parents=True)
    assert pci_ids.names(["10de:2235"], str(tmp_path)) == {}
    put(tmp_path, "usr/share/hwdata/pci.ids", "10de  NVIDIA Corporation\n\t2235  GA102GL [A40]\n")
    assert pci_ids.names(["10de:2235"], str(tmp_path)) == {"10de:2235": "A40"}
    # one that never ends is read up to a limit
    monkeypatch.setattr(pci_ids, "_MOST", 30)
    assert pci_ids.names(["10de:2235"], str(tmp_path)) == {}


def test_pci_of_this_machine():
    for device in pci.read_candidates():
        assert len(device.vendor_id) == 4


@pytest.mark.parametrize("state, expected", [(b"\x06\0\0\0\1", "enabled"), (b"\x06\0\0\0\0", "disabled")])
def test_secure_boot(tmp_path, state, expected):
    put(tmp_path, VARIABLE, state)
    found = secureboot.read(str(tmp_path))
    assert (found.value, found.unread) == (expected, [])


def test_secure_boot_without_uefi(tmp_path):
    assert secureboot.read(str(tmp_path)).value == "unsupported"


def test_uefi_without_secure_boot(tmp_path):
    put(tmp_path, "sys/firmware/efi/efivars/BootOrder-x", b"\0")
    found = secureboot.read(str(tmp_path))
    assert (found.value, found.unread) == ("unsupported", [])


@pytest.mark.parametrize("place", ["sys/firmware/efi", "sys/firmware/efi/efivars"])
def test_secure_boot_unknown_without_variables(tmp_path, place):
    (tmp_path / place).mkdir(parents=True)
    found = secureboot.read(str(tmp_path))
    assert found.value == "unknown"
    assert found.unread[0]["what"] == "secure_boot"


def test_secure_boot_unknown_of_odd_variable(tmp_path):
    put(tmp_path, VARIABLE, b"odd")
    found = secureboot.read(str(tmp_path))
    assert found.value == "unknown"
    assert "mokutil" in found.unread[0]["fix"]


def test_secure_boot_unknown_when_refused(tmp_path, monkeypatch):
    put(tmp_path, VARIABLE, b"")
    refuse(monkeypatch, "30032b8c")
    refuse(monkeypatch, VARIABLE)
    found = secureboot.read(str(tmp_path))
    assert found.value == "unknown"
    assert "become" in found.unread[0]["fix"]


def test_host(tmp_path):
    put(tmp_path, "etc/os-release", 'ID=ubuntu\nVERSION_ID="22.04"\nPRETTY_NAME="Ubuntu 22.04.5 LTS"\n')
    put(tmp_path, "proc/sys/kernel/random/boot_id", "4ebc8661-faff-41cc-9160-46fcac71f401\n")
    put(tmp_path, "proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu hypervisor\n" + "x" * 9000)
    found = system.read(str(tmp_path))
    assert found["os"] == {"id": "ubuntu", "version_id": "22.04", "pretty_name": "Ubuntu 22.04.5 LTS"}
    assert found["boot_id"] == "4ebc8661-faff-41cc-9160-46fcac71f401"
    assert found["machine"] == "virtual"
    assert found["kernel"] == os.uname().release


def test_host_that_tells_nothing(tmp_path):
    found = system.read(str(tmp_path))
    assert found["os"] == {"id": None, "version_id": None, "pretty_name": None}
    assert (found["machine"], found["boot_id"]) == (None, None)


def test_os_release_of_an_image_without_etc(tmp_path):
    put(tmp_path, "usr/lib/os-release", "ID=fedora\n")
    assert system.read(str(tmp_path))["os"]["id"] == "fedora"


@pytest.mark.parametrize("mark", ["run/systemd/container", ".dockerenv", "run/.containerenv"])
def test_container(tmp_path, mark):
    put(tmp_path, mark)
    assert system.read(str(tmp_path))["machine"] == "container"


def test_board_and_guest_of_a_device_tree(tmp_path):
    put(tmp_path, "sys/firmware/devicetree/base/model", b"NVIDIA Jetson\0")
    assert system.read(str(tmp_path))["machine"] == "physical"
    (tmp_path / "sys/firmware/devicetree/base/hypervisor").mkdir()
    assert system.read(str(tmp_path))["machine"] is None


def test_refused_line_is_absent(tmp_path, monkeypatch):
    put(tmp_path, "sys/class/dmi/id/sys_vendor", "QEMU\n")
    refuse(monkeypatch, "sys_vendor")
    assert system.read(str(tmp_path))["machine"] is None


def test_files(tmp_path):
    path = put(tmp_path, "a", "text\n")
    assert files.read_text(str(path)) == "text\n"
    assert files.read_bytes(str(path), 2) == b"te"
    assert files.read_bytes(str(tmp_path / "none")) is None
    assert files.read_text(str(path / "below a file")) is None
    assert files.link_name(str(path)) is None
