# SPDX-License-Identifier: GPL-3.0-or-later
"""Every exported function is called, by pynvml where it has the function."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def exported(library):
    listing = subprocess.run(
        ["nm", "-D", "--defined-only", str(library)], check=True, capture_output=True, text=True
    ).stdout
    return set(re.findall(r" [A-Z] (\w+)", listing))


def test_every_exported_function_answers_as_it_should(node, library):
    node.init("A100-40", "T4", "A6000")
    node.sim("virtualization", "--gpu", 1, "host-vgpu")
    pid = node.client(0, "--memory", 1000, "--util", 80, name="trainer")
    done = subprocess.run(
        [sys.executable, str(HERE / "every_call.py"), str(pid)],
        env=node.env,
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) == exported(library)


def test_an_ordinary_user_reads_everything_and_changes_nothing(open_node):
    node = open_node
    node.init("A100-40")
    got = node.nvml(
        """
os.setuid(65534)
h = nvmlDeviceGetHandleByIndex(0)
refused = []
for call in (
    lambda: nvmlDeviceSetPersistenceMode(h, 1), lambda: nvmlDeviceSetPowerManagementLimit(h, 300000),
    lambda: nvmlDeviceSetGpuLockedClocks(h, 300, 600), lambda: nvmlDeviceSetMigMode(h, 1),
    lambda: nvmlDeviceSetEccMode(h, 0),
    lambda: nvmlDeviceCreateGpuInstance(h, 19), lambda: nvmlDeviceGetGpuInstanceById(h, 1),
):
    try:
        call()
        refused.append(0)
    except NVMLError as error:
        refused.append(error.value)
print(json.dumps([nvmlDeviceGetName(h), nvmlDeviceGetTemperature(h, 0), refused]))
"""
    )
    assert got[0] == "NVIDIA A100-SXM4-40GB" and got[1] > 0
    assert set(got[2]) == {4}
    assert node.gpu()["persistence"] == 0


def test_the_ways_a_driver_can_be_missing(node):
    assert "NVMLError_DriverNotLoaded" in node.python("").stderr
    node.init("T4")
    node.sim("driver", "unloaded")
    assert "NVMLError_DriverNotLoaded" in node.python("").stderr
    node.sim("driver", "mismatch")
    assert "NVMLError_LibRmVersionMismatch" in node.python("").stderr
    node.sim("reboot")
    assert node.nvml("print(nvmlDeviceGetCount())") == 1
    node.sim("driver", "unloaded")
    node.sim("driver", "loaded")
    assert node.nvml("print(nvmlDeviceGetCount())") == 1


def test_a_lost_gpu_leaves_the_others_alone(node):
    node.init("T4:2")
    node.sim("lose", "--gpu", 0)
    code = """
answers = []
for index in range(2):
    try:
        answers.append(nvmlDeviceGetName(nvmlDeviceGetHandleByIndex(index)))
    except NVMLError as error:
        answers.append(error.value)
print(json.dumps(answers))
"""
    assert node.nvml(code) == [15, "Tesla T4"]
    node.sim("restore")
    assert node.nvml(code) == ["Tesla T4", "Tesla T4"]


def test_a_vgpu_guest_may_set_neither_mig_nor_ecc(node):
    node.init("A100-40")
    node.sim("virtualization", "vgpu")
    code = """
h = nvmlDeviceGetHandleByIndex(0)
codes = []
for call in (
    lambda: nvmlDeviceSetMigMode(h, 1), lambda: nvmlDeviceSetEccMode(h, 0),
    lambda: nvmlDeviceSetPowerManagementLimit(h, 300000),
):
    try:
        call()
        codes.append(0)
    except NVMLError as error:
        codes.append(error.value)
print(json.dumps([nvmlDeviceGetVirtualizationMode(h), codes]))
"""
    assert node.nvml(code) == [2, [3, 3, 3]]


def test_application_clocks_are_deprecated_from_590_on(node):
    node.init("L40S", driver="595.91.07")
    code = """
h = nvmlDeviceGetHandleByIndex(0)
codes = []
for call in (
    lambda: nvmlDeviceGetApplicationsClock(h, 0), lambda: nvmlDeviceGetDefaultApplicationsClock(h, 0),
    lambda: nvmlDeviceSetApplicationsClocks(h, 9001, 2520), lambda: nvmlDeviceResetApplicationsClocks(h),
):
    try:
        call()
        codes.append(0)
    except NVMLError as error:
        codes.append(error.value)
print(json.dumps([codes, nvmlDeviceGetSupportedGraphicsClocks(h, 405)[0]]))
"""
    assert node.nvml(code) == [[26] * 4, 405]
    node.init("L40S", driver="580.105.08")
    assert node.nvml(code) == [[0] * 4, 405]
