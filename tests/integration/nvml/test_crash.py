# SPDX-License-Identifier: GPL-3.0-or-later
"""A process killed at any point leaves the state as it was before a call or as it is after it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

CHURN = """
import random
random.seed(os.getpid())
h = nvmlDeviceGetHandleByIndex(0)
sys.stdout.write("up\\n"); sys.stdout.flush()
while True:
    value = random.randrange(100, 400) * 1000
    try:
        nvmlDeviceSetPowerManagementLimit(h, value)
        nvmlDeviceSetGpuLockedClocks(h, value // 1000, value // 1000)
        gi = nvmlDeviceCreateGpuInstance(h, 19)
        ci = nvmlGpuInstanceCreateComputeInstance(gi, 0)
        nvmlComputeInstanceDestroy(ci)
        nvmlGpuInstanceDestroy(gi)
    except (NVMLError_InsufficientResources, NVMLError_InvalidArgument):
        pass
"""


def consistent(gpu):
    assert 100000 <= gpu["power_limit_mw"] <= 400000 and gpu["power_limit_mw"] % 1000 == 0
    low, high = gpu["clocks"]["gpu_lock"]
    assert low == high
    instances = gpu["mig"]["gpu_instances"]
    assert len({gi["start"] for gi in instances}) == len(instances) <= 7
    for gi in instances:
        assert gi["id"] == 7 + gi["start"] and len(gi["compute_instances"]) <= 1


def test_kill_9_in_the_middle_of_many_writers_never_tears_the_state(node):
    node.init("A100-40")
    node.nvml("assert nvmlDeviceSetMigMode(nvmlDeviceGetHandleByIndex(0), 1) == 0")
    chance = random.Random(7)
    code = "import json, os, sys\nfrom pynvml import *\nnvmlInit()\n" + CHURN

    def start():
        return subprocess.Popen(
            [sys.executable, "-c", code], env=node.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    writers = [start() for _writer in range(4)]
    for writer in writers:
        writer.stdout.readline()
    calls = 0
    try:
        for _round in range(12):
            time.sleep(chance.uniform(0.01, 0.06))
            victim = chance.randrange(len(writers))
            writers[victim].send_signal(signal.SIGKILL)
            assert writers[victim].wait(10) == -signal.SIGKILL, writers[victim].stderr.read().decode()
            for _reading in range(3):
                consistent(node.gpu())
            writers[victim] = start()
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
        calls = len(node.sim("calls").splitlines())
    consistent(node.gpu())
    assert calls > 100
    # And the node is of use: what the killed left behind can be cleared and made again.
    node.sim("reset")
    assert (
        node.nvml(
            "gi = nvmlDeviceCreateGpuInstance(nvmlDeviceGetHandleByIndex(0), 0)\nprint(nvmlGpuInstanceGetInfo(gi).id)"
        )
        == 0
    )


LAYOUT = """
h = nvmlDeviceGetHandleByIndex(0)
nvmlDeviceSetPersistenceMode(h, 1)
nvmlDeviceSetPowerManagementLimit(h, 250000)
nvmlDeviceSetMigMode(h, 1)
gi = nvmlDeviceCreateGpuInstance(h, 9)
nvmlGpuInstanceCreateComputeInstance(gi, 2)
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_sweep_of_kills_at_each_change(node, when):
    """Killed at the Nth call: N-1 effects are there with --before, N with --after, in order and whole."""
    for nth in range(1, 6):
        node.init("H100-80")
        node.sim("fail", "any-change", "--kill", "--" + when, "--nth", nth)
        assert node.python(LAYOUT).returncode == -signal.SIGKILL
        gpu = node.gpu()
        instances = gpu["mig"]["gpu_instances"]
        effects = [
            gpu["persistence"] == 1,
            gpu["power_limit_mw"] == 250000,
            gpu["mig"]["current"] == 1,
            len(instances) == 1,
            bool(instances and instances[0]["compute_instances"]),
        ]
        done = nth if when == "after" else nth - 1
        assert effects == [True] * done + [False] * (5 - done)
        assert len(node.sim("calls").splitlines()) == done


def test_readers_go_on_while_a_writer_holds_the_lock(node):
    import fcntl

    node.init("T4")
    lock = os.open(str(node.state) + ".lock", os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        assert node.nvml("print(nvmlDeviceGetCount())") == 1
    finally:
        os.close(lock)
