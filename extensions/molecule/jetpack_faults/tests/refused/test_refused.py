# SPDX-License-Identifier: GPL-3.0-or-later
"""What was refused left nothing behind."""

from __future__ import annotations

SOURCES = "/etc/apt/sources.list.d/nvidia-l4t-apt-source.list"


def test_sources_are_as_before(upgraded, held):
    for host, server, suite in ((upgraded, "repo.download.nvidia.com", "r36.5"), (held, "hub", "r35.6")):
        lines = host.file(SOURCES).content_string.splitlines()
        assert len(lines) == 2
        assert all(f"//{server}/jetson/" in line and f" {suite} " in line for line in lines)


def test_releases_are_as_before(upgraded, held):
    assert "REVISION: 5.0" in upgraded.file("/etc/nv_tegra_release").content_string
    assert "REVISION: 6.1" in held.file("/etc/nv_tegra_release").content_string


def test_mode_that_was_refused_left_the_other_in_force(orin):
    with orin.sudo():
        assert "NV Power Mode: MODE_15W" in orin.check_output("nvpmodel -q")
