# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gpu_info's fabric state of GPUs behind NVSwitches, and of those that have none."""

from __future__ import annotations

import pytest

DONE = {"state": "completed", "status": "ok", "clique_id": 0}


def read(node, *without):
    """The fabric of each GPU, and what is named in unread."""
    found = node.gpu_info(*without)
    return [[gpu["fabric"] for gpu in found["gpus"]], [entry["what"] for entry in found["unread"]]]


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
