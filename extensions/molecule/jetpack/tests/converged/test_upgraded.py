# SPDX-License-Identifier: GPL-3.0-or-later
"""After converging."""

from __future__ import annotations

import json


def root(host, command):
    with host.sudo():
        return host.check_output(command)


def test_l4t_and_bootloader_are_the_new_ones(upgraded):
    assert "REVISION: 5.0" in upgraded.file("/etc/nv_tegra_release").content_string
    slots = root(upgraded, "nvbootctrl dump-slots-info")
    assert "Current version: 36.5.0" in slots and "Current bootloader slot: B" in slots


def test_every_package_is_whole_and_of_the_release(upgraded):
    shown = upgraded.check_output("dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\\n' 'nvidia-l4t-*'")
    for line in shown.splitlines():
        assert "36.5.0-" in line and line.endswith(" installed")
    assert upgraded.package("nvidia-jetpack").version.startswith("6.2.2+")


def test_packages_are_held(upgraded, held):
    for host in (upgraded, held):
        held = root(host, "apt-mark showhold").split()
        assert "nvidia-l4t-core" in held and "nvidia-jetpack" in held
        assert host.file("/etc/edgesite-gpu/jetpack-holds").content_string.split() == held


def test_containers_get_the_files_of_the_release(upgraded):
    assert "edgelab.l4t: 36.5.0" in upgraded.file("/etc/cdi/nvidia.yaml").content_string


def test_container_runtime_has_read_that_there_is_nvidias(upgraded):
    read = json.loads(upgraded.file("/run/docker-has-read").content_string)
    assert read == {
        "log-driver": "local",
        "runtimes": {"nvidia": {"args": [], "path": "nvidia-container-runtime"}},
    }


def test_other_jetson_is_as_it_was_but_for_its_mirror(held):
    assert "REVISION: 6.1" in held.file("/etc/nv_tegra_release").content_string
    lines = held.file("/etc/apt/sources.list.d/nvidia-l4t-apt-source.list").content_string.splitlines()
    assert lines == [f"deb http://hub/jetson/{part} r35.6 main" for part in ("common", "t194")]


def test_toolkit_that_can_write_none_left_no_cdi_file(held):
    assert not held.file("/etc/cdi/nvidia.yaml").exists
