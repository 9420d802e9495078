# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.clients import Client
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import device_files, processes


class Host:
    """A folder in the place of /, with processes that hold files open."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("nvidia0", "nvidia1", "nvidia10", "nvidiactl"):
            self.file("dev/" + name)

    def file(self, name):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        return path

    def process(self, pid, name, *files):
        place = self.folder / "proc" / str(pid)
        (place / "fd").mkdir(parents=True)
        if name is not None:
            (place / "comm").write_text(name + "\n")
        for number, target in enumerate(files):
            (place / "fd" / str(number)).symlink_to(self.folder / target)

    def holders(self, minor):
        return device_files.holders(minor, str(self.folder))


@pytest.fixture(name="host")
def fixture_host(tmp_path):
    return Host(tmp_path)


def test_processes_with_the_card_open_are_named_but_not_this_one(host):
    host.process(20, "nv-hostengine", "dev/null", "dev/nvidia1", "dev/nvidia1")
    host.process(9, "exporter", "dev/nvidia1")
    host.process(30, "other", "dev/nvidia10", "dev/nvidiactl")
    host.process(os.getpid(), "python3", "dev/nvidia1")
    assert host.holders(1) == [Client(9, "exporter"), Client(20, "nv-hostengine")]
    assert host.holders(0) == [] and host.holders(None) == [] and host.holders(7) == []


def test_card_of_another_machine_by_the_same_name(host):
    host.file("elsewhere/dev/nvidia1")
    host.process(20, "other", "elsewhere/dev/nvidia1")
    assert host.holders(1) == []


def test_process_that_is_gone_meanwhile(host):
    host.process(20, None, "dev/nvidia1")
    host.process(21, "closed", "dev/nvidia99")
    assert host.holders(1) == [Client(20, None)]


def test_processes_with_one_of_several_files_open(host):
    host.process(20, "both", "dev/nvidia0", "dev/nvidia1")
    host.process(9, "one", "dev/nvidia1")
    host.process(30, "none", "dev/nvidia10")
    found = device_files.holders_of_any(["/dev/nvidia0", "/dev/nvidia1", "/dev/nvidia7"], str(host.folder))
    assert found == [Client(9, "one"), Client(20, "both")]
    assert device_files.holders_of_any([], str(host.folder)) == []


@pytest.mark.parametrize(
    ("cgroup", "service"),
    [
        ("0::/system.slice/gdm.service\n", "gdm.service"),
        (
            "12:devices:/a.service\n1:name=systemd:/user.slice/user@1000.service/app.slice/b.service\n",
            "user@1000.service",
        ),
        ("0::/user.slice/user-1000.slice/session-2.scope\n", None),
        ("0::/../odd;.service/x\n", None),
        ("odd\n", None),
        (None, None),
    ],
)
def test_service_of_a_process(host, cgroup, service):
    host.process(20, "Xorg")
    if cgroup is not None:
        (host.folder / "proc/20/cgroup").write_text(cgroup)
    assert processes.service(20, str(host.folder)) == service
