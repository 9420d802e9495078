# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the layer jetpack changed of NVIDIA's."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import footprint, jetpack
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.nvpmodel_conf import Conf, Mode

CONF = Conf({}, (Mode(2, "MODE_30W", ()),), 2)


def test_files_of_nvidia_are_named_where_they_are_there():
    runtimes = [("docker", "/etc/docker/daemon.json", "nvidia-container-runtime"), ("containerd", "/etc/c", "")]
    kept = [entry.what for entry in footprint.kept([jetpack.SOURCES], runtimes)]
    assert kept == ["packages of L4T and JetPack", jetpack.SOURCES, "/etc/docker/daemon.json"]
    assert jetpack.SOURCES in footprint.paths()


def test_power_mode_and_clocks_are_told():
    assert footprint.in_force(CONF, None, False) == ()
    mode, clocks = footprint.in_force(CONF, 2, True)
    assert mode.value == "2 (MODE_30W)" and not mode.reboot
    assert clocks.value == "locked at the highest" and clocks.reboot
    for conf in (CONF, None):
        assert footprint.in_force(conf, 9, False)[0].value == "9 (without a name)"
