# SPDX-License-Identifier: GPL-3.0-or-later
"""GPU instances of one slice that have more SMs than a slice: the compute instance of such a one gets all of them."""

from __future__ import annotations

import pytest

LISTED = """
h = nvmlDeviceGetHandleByIndex(0)
nvmlDeviceSetMigMode(h, 1)
gi = nvmlDeviceCreateGpuInstance(h, 15)
found = {}
for constant in range(NVML_COMPUTE_INSTANCE_PROFILE_COUNT):
    try:
        info = nvmlGpuInstanceGetComputeInstanceProfileInfo(gi, constant, 0)
        found[constant] = [info.name if isinstance(info.name, str) else info.name.decode(), info.multiprocessorCount]
    except (NVMLError_NotSupported, NVMLError_InvalidArgument):
        pass
print(json.dumps(found))
"""
DEVICES = """
h = nvmlDeviceGetHandleByIndex(0)
device = nvmlDeviceGetMigDeviceHandleByIndex(h, 0)
print(json.dumps(nvmlDeviceGetAttributes(device).multiprocessorCount))
"""


@pytest.mark.parametrize(
    ("model", "listed"),
    [
        ("A100-40", {"0": ["MIG 1g.10gb", 14]}),
        ("H100-80", {"0": ["MIG 1c.1g.20gb", 16], "7": ["MIG 1g.20gb", 26]}),
        ("B200", {"0": ["MIG 1c.1g.45gb", 18], "7": ["MIG 1g.45gb", 30]}),
    ],
)
def test_compute_profiles_of_one_slice_with_double_memory(node, model, listed):
    node.init(model)
    assert node.nvml(LISTED) == listed


@pytest.mark.parametrize(("model", "name", "sms"), [("A100-40", "1g.10gb", 14), ("H100-80", "1g.20gb", 26)])
def test_the_instance_gets_all_sms(node, laid_out, model, name, sms):
    node.init(model)
    result = laid_out({name: 1})
    assert result["changed"], result
    assert node.nvml(DEVICES) == sms
    assert not laid_out({name: 1})["changed"]


def test_an_instance_with_too_few_sms_is_not_as_wanted(node, laid_out):
    node.init("H100-80")
    node.nvml(LISTED.replace("print(", "nvmlGpuInstanceCreateComputeInstance(gi, 0)\nprint("))
    assert node.nvml(DEVICES) == 16
    result = laid_out({"1g.20gb": 1})
    assert [action["kind"] for action in result["actions"]] == ["destroy_compute_instance", "create_compute_instance"]
    assert node.nvml(DEVICES) == 26
    assert not laid_out({"1g.20gb": 1})["changed"]


def test_while_it_is_in_use_it_stays_and_the_run_says_so(node, laid_out):
    node.init("H100-80")
    node.nvml(LISTED.replace("print(", "nvmlGpuInstanceCreateComputeInstance(gi, 0)\nprint("))
    gpu_instance = node.gpu()["mig"]["gpu_instances"][0]["id"]
    node.client(0, "--gi", gpu_instance, "--ci", 0, name="llama-server")
    result = laid_out({"1g.20gb": 1})
    assert result["failed"] and "llama-server" in result["msg"], result
    assert node.nvml(DEVICES) == 16
