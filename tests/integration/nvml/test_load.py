# SPDX-License-Identifier: GPL-3.0-or-later
"""Load warms a GPU, idleness cools it, and limits hold."""

from __future__ import annotations

import time

SAMPLE = """
h = nvmlDeviceGetHandleByIndex(%d)
print(json.dumps([nvmlDeviceGetTemperature(h, 0), nvmlDeviceGetPowerUsage(h) / 1000,
                  nvmlDeviceGetUtilizationRates(h).gpu,
                  nvmlDeviceGetClockInfo(h, 0), nvmlDeviceGetPerformanceState(h),
                  nvmlDeviceGetTotalEnergyConsumption(h),
                  nvmlDeviceGetCurrentClocksEventReasons(h)]))
"""


def seen(node, gpu, sought):
    """The first sample that is as sought, or the last one. How long cooling takes depends on the machine too."""
    end = time.monotonic() + 60
    while True:
        sample = node.nvml(SAMPLE % gpu)
        if sought(sample) or time.monotonic() > end:
            return sample
        time.sleep(0.5)


def test_temperature_power_and_utilization_follow_the_load(node):
    node.init("T4", "L40S")
    idle = node.nvml(SAMPLE % 0)
    pid = node.client(0)
    busy = seen(node, 0, lambda sample: sample[0] > idle[0] + 4 and sample[1] > idle[1] + 30)
    assert busy[0] > idle[0] + 4 and busy[1] > idle[1] + 30 and busy[1] <= 70
    assert (idle[2], busy[2], idle[3], busy[3], idle[4], busy[4]) == (0, 100, 300, 1590, 8, 0)
    assert busy[5] > idle[5] and (idle[6], busy[6]) == (1, 0)
    node.sim("kill-process", pid)
    after = seen(node, 0, lambda sample: sample[0] < busy[0] and sample[1] < busy[1] / 2)
    assert after[0] < busy[0] and after[1] < busy[1] / 2 and after[2] == 0
    assert node.nvml(SAMPLE % 1)[0] == 31  # the other GPU stayed cool


def test_a_limit_caps_power_and_slows_the_clock_and_locked_clocks_hold(node):
    node.init("L40S")
    node.nvml("nvmlDeviceSetPowerManagementLimit(nvmlDeviceGetHandleByIndex(0), 150000)")
    node.client(0)
    capped = seen(node, 0, lambda sample: sample[6] == 4)
    assert capped[1] <= 150 and capped[3] < 2520 and capped[6] == 4
    node.nvml("nvmlDeviceSetGpuLockedClocks(nvmlDeviceGetHandleByIndex(0), 300, 600)")
    assert node.nvml(SAMPLE % 0)[3] == 600


def test_a_client_that_dies_by_itself_lets_the_gpu_cool(node):
    import os

    node.init("T4")
    pid = node.client(0)
    hot = seen(node, 0, lambda sample: sample[1] > 40)
    os.kill(pid, 9)
    assert seen(node, 0, lambda sample: sample[2] == 0)[2] == 0
    assert seen(node, 0, lambda sample: sample[1] < hot[1] - 10)[1] < hot[1] - 10
