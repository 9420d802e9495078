# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gpu_info's fabric state of GPUs behind NVSwitches, and of those that have none."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from .conftest import ROOT

READ = """
import json, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import facts
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host.process import NvmlProcess
import pynvml
for name in sys.argv[2:]:
    delattr(pynvml, name)
found = facts.read(NvmlProcess())
print(json.dumps([[gpu["fabric"] for gpu in found["gpus"]], [entry["what"] for entry in found["unread"]]]))
"""
DONE = {"state": "completed", "status": "ok", "clique_id": 0}


def read(node, *without):
    """The fabric of each GPU, and what is named in unread. without: what this pynvml lacks."""
    command = [sys.executable, "-c", READ, str(ROOT / ".build" / "collections"), *without]
    done = subprocess.run(command, env=node.env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_state_of_each_gpu(node):
    node.init("H100-80:2", "H100-80-PCIE", "GB200", "A100-40")
    assert read(node) == [[DONE, DONE, None, DONE, None], []]
    node.sim("fabric", "--gpu", 1, "in_progress")
    waits = {"state": "in_progress", "status": None, "clique_id": None}
    assert read(node) == [[DONE, waits, None, DONE, None], ["gpu 1"]]


@pytest.mark.parametrize("without", [["c_nvmlGpuFabricInfoV_t"], ["nvmlDeviceGetGpuFabricInfoV"]])
def test_older_pynvml(node, without):
    node.init("H100-80")
    assert read(node, *without) == [[DONE], []]


def test_pynvml_and_driver_that_know_no_fabric(node):
    node.init("H100-80")
    assert read(node, "c_nvmlGpuFabricInfoV_t", "c_nvmlGpuFabricInfo_t") == [[None], []]
    for function in ("nvmlDeviceGetGpuFabricInfoV", "nvmlDeviceGetGpuFabricInfo"):
        node.sim("fail", function, "--error", "FUNCTION_NOT_FOUND", "--every")
    assert read(node) == [[None], []]


def test_form_of_the_structure_that_the_driver_does_not_know(node):
    node.init("H100-80")
    node.sim("fail", "nvmlDeviceGetGpuFabricInfoV", "--error", "ARGUMENT_VERSION_MISMATCH")
    assert read(node) == [[DONE], []]
