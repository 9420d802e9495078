# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that nobody here wrote run on the library as they are."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import pytest


@pytest.fixture
def fleet(node):
    node.init("A100-40", "T4", "H200", name="clients")
    node.nvml(
        "h = nvmlDeviceGetHandleByIndex(0)\nassert nvmlDeviceSetMigMode(h, 1) == 0\n"
        "for profile, whole in ((9, 2), (14, 1)):\n"
        "    nvmlGpuInstanceCreateComputeInstance(nvmlDeviceCreateGpuInstance(h, profile), whole)"
    )
    node.client(0, "--gi", 2, "--memory", 3000, name="mig-train")
    node.client(2, "--memory", 50000, "--util", 70, name="llm-server")
    return node


def test_gpustat(fleet):
    done = subprocess.run(
        [sys.executable, "-m", "gpustat", "--json"],
        env=fleet.env,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    gpus = json.loads(done.stdout)["gpus"]
    assert [gpu["name"] for gpu in gpus] == ["NVIDIA A100-SXM4-40GB", "Tesla T4", "NVIDIA H200"]
    assert [gpu["memory.total"] for gpu in gpus] == [40960, 15360, 143771]
    assert (
        gpus[2]["memory.used"] == 50000 and gpus[2]["utilization.gpu"] == 70 and gpus[2]["enforced.power.limit"] == 700
    )
    assert [process["command"] for process in gpus[2]["processes"]] == ["llm-server"]
    assert gpus[1]["processes"] == [] and gpus[1]["temperature.gpu"] > 20


def test_nvitop(fleet):
    done = subprocess.run(
        [sys.executable, "-m", "nvitop", "--once", "--ascii"],
        env={**fleet.env, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "ERROR" not in done.stderr
    for wanted in (
        "A100-SXM4-40GB",
        "3g.20gb @ GI/CI: 2/0",
        "3000MiB / 19968MiB",
        "2g.10gb @ GI/CI: 3/0",
        "0B /  9856MiB",
        "Tesla T4",
        "H200",
        "140.4GiB",
        "llm-server",
        "mig-train",
    ):
        assert wanted in done.stdout
    assert re.search(r"^\| 0:0 +\d+ C .* mig-train ", done.stdout, re.M)


def test_nvtop(fleet):
    """nvtop draws on a terminal and has no snapshot in Debian 12: it gets a pseudo-terminal and the time to draw."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(
            "nvtop",
            ["nvtop", "-C", "-d", "1"],
            {**fleet.env, "TERM": "xterm", "LINES": "50", "COLUMNS": "200", "HOME": str(fleet.folder)},
        )
    import fcntl
    import struct
    import termios

    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    drawn = b""
    wanted = (b"NVIDIA A100-SXM4-40GB", b"Tesla T4", b"NVIDIA H200", b"llm-server", b"mig-train", b"50000MiB")
    until = time.monotonic() + 15
    while time.monotonic() < until and not all(word in drawn for word in wanted):
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                drawn += os.read(terminal, 65536)
            except OSError:
                break
    with contextlib.suppress(OSError):  # it may have ended
        os.write(terminal, b"q")
    os.close(terminal)
    # It would outlive its terminal where whoever runs the tests ignores hang-ups.
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    text = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", drawn)
    assert all(word in text for word in wanted), text[-3000:]
