# SPDX-License-Identifier: GPL-3.0-or-later
"""After the reboot of one Jetson, and after the other was given back what it was shipped with."""

from __future__ import annotations

UNIT = "edgesite-gpu-jetson-clocks.service"


def root(host, command):
    with host.sudo():
        return host.check_output(command)


def test_prepared_mode_came_up_with_the_lock(xavier):
    assert "NV Power Mode: MODE_10W" in root(xavier, "nvpmodel -q")
    assert "FreqOverride=1" in root(xavier, "jetson_clocks --show")
    assert xavier.service(UNIT).is_running


def test_clocks_and_fan_are_as_shipped(orin):
    assert "MinFreq=729600 MaxFreq=1113600" in root(orin, "jetson_clocks --show")
    assert not orin.file(f"/etc/systemd/system/{UNIT}").exists
    assert "FAN_PROFILE:quiet" in root(orin, "nvfancontrol -q")
