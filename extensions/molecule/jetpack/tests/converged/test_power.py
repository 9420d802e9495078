# SPDX-License-Identifier: GPL-3.0-or-later
"""After converging."""

from __future__ import annotations

import json
import os
from pathlib import Path

UNIT = "edgesite-gpu-jetson-clocks.service"


def root(host, command):
    with host.sudo():
        return host.check_output(command)


def test_mode_that_took_a_reboot_is_in_force(orin):
    assert "NV Power Mode: MODE_15W" in root(orin, "nvpmodel -q")
    assert root(orin, "cat /sys/devices/system/cpu/online") == "0-3"
    assert root(orin, "cat /sys/devices/platform/gpu.0/tpc_pg_mask") == "248"


def test_own_mode_is_one_of_the_board(orin):
    assert "ID=4 NAME=EDGE_12W" in root(orin, "nvpmodel -p --verbose")
    assert orin.file("/etc/nvpmodel.conf").is_symlink


def test_mode_that_took_none_is_in_force(xavier):
    assert "NV Power Mode: MODE_30W_ALL" in root(xavier, "nvpmodel -q")


def test_clocks_are_locked_at_what_the_mode_allows(orin, xavier):
    assert "MinFreq=1113600 MaxFreq=1113600" in root(orin, "jetson_clocks --show")
    for host in (orin, xavier):
        assert "FreqOverride=1" in root(host, "jetson_clocks --show")
        assert host.service(UNIT).is_enabled


def test_fan_runs_with_its_profile(orin, xavier):
    assert "FAN_PROFILE:cool" in root(orin, "nvfancontrol -q")
    assert "FAN_PROFILE:cabinet" in root(xavier, "nvfancontrol -q")
    assert orin.service("nvfancontrol").is_running
    assert orin.file("/etc/nvfancontrol.conf").is_symlink


def test_nothing_failed_at_boot(orin):
    assert root(orin, "systemctl is-system-running") == "running"


def test_the_last_plan_reached_the_hosts_with_one_task():
    rows = json.loads(Path(os.environ["TASK_TIMES_FILE"]).read_text())
    for host in ("orin", "xavier"):
        reaching = [row["task"] for row in rows if row["host"] == host and row["reaches_host"]]
        assert reaching == ["Look at the host"]
