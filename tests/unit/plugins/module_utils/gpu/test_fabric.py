# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import fabric

DONE = {"state": "completed", "status": "ok", "clique_id": 0}


def gpu(state="in_progress", status=None, device="2330", mode="none", mig=None):
    found = {"state": state, "status": status, "clique_id": None}
    name = {"index": 3, "name": "NVIDIA H100 80GB HBM3", "pci_bus_id": "0000:17:00.0", "pci_device_id": device}
    return {**name, "fabric": found, "mig": mig, "vgpu": {"virtualization_mode": mode}}


@pytest.mark.parametrize(
    "one",
    [
        gpu("completed", "ok"),
        {**gpu(), "fabric": None},
        {**gpu(), "fabric": DONE},
        # a GPU in MIG mode does without
        gpu(mig={"current": True}),
    ],
)
def test_nothing_is_wrong(one):
    assert fabric.problem(one) is None


@pytest.mark.parametrize(
    ("one", "problem", "fix"),
    [
        (gpu(), "its state is in_progress", "Install the fabric manager in exactly the driver's version"),
        (gpu("not_started", mig={"current": False}), "its state is not_started", "systemctl restart"),
        (gpu("7"), "its state is 7", "systemctl restart"),
        (gpu("completed", "unknown"), "failed to join the NVLink fabric (unknown)", "systemctl restart"),
        (gpu(device="2941"), "in_progress", "the rack's NVLink switches"),
        (gpu(device="ffff"), "in_progress", "nvidia-fabricmanager"),
        (gpu(mode="passthrough"), "in_progress", "on the host of this guest"),
    ],
)
def test_gpu_that_has_not_joined(one, problem, fix):
    told = fabric.problem(one)
    assert "GPU 3 NVIDIA H100 80GB HBM3 at 0000:17:00.0 " in told.problem and problem in told.problem
    assert fix in told.fix
