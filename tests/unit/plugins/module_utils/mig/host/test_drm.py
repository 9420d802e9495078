# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module as sysfs and /dev show it, and what is noted while it is unloaded."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import command
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.command import Result
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.drm import Drm, SwitchModule
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.host import drm

PARAMETERS = ("fbdev=N", "modeset=Y")
UNLOAD, LOAD = SwitchModule(False, PARAMETERS), SwitchModule(True, PARAMETERS)


class Host:
    """A folder in the place of /, with the module loaded for a card of NVIDIA's, beside another maker's."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.root, self.ran, self.answer = folder, str(folder), [], Result(0, b"", "")
        self.record = folder / "run/unloaded-modules.json"
        monkeypatch.setattr(drm, "RECORD", str(self.record))
        monkeypatch.setattr(command, "find", lambda program: "/sbin/" + program)
        self.file("sys/module/nvidia/version", "550.163.01")
        self.load()
        for address, driver, node in (
            ("17", "nvidia", "card1"),
            ("17", "nvidia", "renderD128"),
            ("02", "ast", "card0"),
        ):
            device = folder / f"sys/bus/pci/devices/0000:{address}:00.0"
            (device / "drm" / node).mkdir(parents=True)
            if not (device / "driver").is_symlink():
                (device / "driver").symlink_to(f"../../drivers/{driver}")
            self.file(f"dev/dri/{node}")

    def file(self, name, text=""):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")

    def load(self):
        for name, value in (("modeset", "Y"), ("fbdev", "N"), ("odd", "5"), ("Bad", "Y")):
            self.file(f"sys/module/nvidia_drm/parameters/{name}", value)
        self.file("sys/module/nvidia_drm/refcnt", "0")
        (self.folder / "sys/module/nvidia/holders/nvidia_drm").mkdir(parents=True, exist_ok=True)

    def unload(self):
        (self.folder / "sys/module/nvidia_drm").rename(self.folder / "gone")
        (self.folder / "sys/module/nvidia/holders/nvidia_drm").rmdir()

    def process(self, pid, name, file, cgroup):
        self.file(f"proc/{pid}/comm", name)
        self.file(f"proc/{pid}/cgroup", cgroup)
        (self.folder / f"proc/{pid}/fd").mkdir()
        (self.folder / f"proc/{pid}/fd/3").symlink_to(self.folder / file)

    def __call__(self, argv, data=None, timeout=0):
        self.ran.append((argv, self.record.read_text().strip() if self.record.exists() else None))
        return self.answer

    def observe(self, resets=True, unload=None):
        return drm.observe(resets, self.root, unload)


@pytest.fixture(name="host")
def fixture_host(tmp_path, monkeypatch):
    return Host(tmp_path, monkeypatch)


def test_module_and_who_has_files_of_its_cards_open(host):
    host.process(7, "Xorg", "dev/dri/card1", "0::/system.slice/gdm.service")
    host.process(8, "render", "dev/dri/renderD128", "1:name=systemd:/user.slice/session-2.scope")
    host.process(9, "other", "dev/dri/card0", "0::/system.slice/other.service")
    found = host.observe()
    assert found.holds and found.parameters == PARAMETERS and not found.otherwise
    assert [client.label() for client in found.clients] == ["Xorg (pid 7, gdm.service)", "render (pid 8)"]
    # Where nothing can be reset, nobody is asked for.
    assert host.observe(resets=False).clients == ()


def test_what_else_uses_the_module(host):
    host.file("sys/module/nvidia_drm/refcnt", "1")
    assert host.observe().otherwise
    host.process(7, "Xorg", "dev/dri/card1", "")
    assert not host.observe().otherwise


def test_module_that_is_not_there(host):
    host.unload()
    assert host.observe() == Drm(False) and not host.observe().left


def test_other_modules_that_use_the_driver(host):
    for name in ("nvidia_uvm", "nvidia_modeset", "gdrdrv"):
        (host.folder / "sys/module/nvidia/holders" / name).mkdir()
        (host.folder / "sys/module" / name).mkdir()
    assert drm.kernel(host.root).modules == ("gdrdrv", "nvidia_drm")


def test_module_is_on_record_from_before_it_is_unloaded_until_it_is_loaded(host):
    drm.apply(host, UNLOAD, host.root)
    host.unload()
    left = host.observe()
    assert left.left and left.parameters == PARAMETERS
    drm.apply(host, LOAD, host.root)
    noted = '["fbdev=N", "modeset=Y"]'
    assert host.ran == [
        (["/sbin/modprobe", "--remove", "nvidia_drm"], noted),
        (["/sbin/modprobe", "nvidia_drm", "fbdev=N", "modeset=Y"], noted),
    ]
    assert not host.record.exists() and not host.observe().left


def test_module_that_is_as_it_has_to_be_is_left_alone(host):
    drm.apply(host, LOAD, host.root)
    host.unload()
    drm.apply(host, UNLOAD, host.root)
    assert host.ran == [] and not host.record.exists()


def test_module_that_stays_loaded_and_who_uses_it(host):
    host.process(7, "Xorg", "dev/dri/card1", "0::/system.slice/gdm.service")
    host.answer = Result(1, b"", "modprobe: FATAL: Module nvidia_drm is in use.\n")
    with pytest.raises(EdgesiteError, match=r"is in use.; it is in use by Xorg \(pid 7, gdm.service\). Stop what uses"):
        drm.apply(host, UNLOAD, host.root)
    # It is still loaded: to take the step back is to forget it.
    drm.apply(host, LOAD, host.root)
    assert not host.record.exists() and len(host.ran) == 1


def test_module_that_does_not_load_stays_on_record(host):
    drm.apply(host, UNLOAD, host.root)
    host.unload()
    host.answer = Result(1, b"", "modprobe: FATAL: Module nvidia_drm not found\n")
    with pytest.raises(EdgesiteError, match="not found. Run 'modprobe nvidia_drm' on the host, and look"):
        drm.apply(host, LOAD, host.root)
    assert host.observe().left


def test_module_that_could_not_be_loaded_again(host):
    assert host.observe(unload=host).lost == ""
    host.answer = Result(1, b"", "modprobe: FATAL: Module nvidia_drm not found\n")
    assert host.observe(unload=host).lost == "modprobe --dry-run: modprobe: FATAL: Module nvidia_drm not found"
    assert host.ran[0] == (["/sbin/modprobe", "--dry-run", "nvidia_drm"], None)
    # Nobody may unload it, or it is in the way of nothing.
    host.ran.clear()
    assert host.observe().lost == "" and host.observe(resets=False, unload=host).lost == "" and host.ran == []


@pytest.mark.parametrize(
    ("damaged", "parameters"),
    [("", ()), ("{", ()), ("null", ()), ('["modeset=Y", 5, "x; reboot", "a=Y\\nb"]', ("modeset=Y",))],
)
def test_damaged_record_tells_no_parameters(host, damaged, parameters):
    host.unload()
    host.record.parent.mkdir()
    host.record.write_text(damaged)
    assert host.observe().left and host.observe().parameters == parameters
