# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gpu_info over SSH."""

from __future__ import annotations

import pytest

HOST = "node"
TCTI = "swtpm:host=127.0.0.1,port=2321"


def test_everything_of_a_host_in_one_go(ansible):
    info = ansible.module(HOST, "gpu_info", tpm_tcti=TCTI)
    assert not info["changed"] and info["unread"] == []
    a100, t4 = info["gpus"]
    assert (a100["name"], a100["architecture"], a100["memory_mib"]["total"]) == (
        "NVIDIA A100-SXM4-40GB",
        "ampere",
        40960,
    )
    assert (a100["power_w"]["min_limit"], a100["power_w"]["max_limit"]) == (100.0, 400.0)
    assert a100["mig"]["current"] is False and a100["mig"]["resetless"] is False
    assert t4["name"] == "Tesla T4" and t4["mig"] is None
    assert info["driver"]["loaded"] == info["driver"]["user_space"] == "550.163.01"
    assert info["driver"]["flavour"] == "proprietary" and not info["driver"]["mismatch"]
    assert {card["pci_bus_id"] for card in info["accelerators"]} == {gpu["pci_bus_id"] for gpu in info["gpus"]}
    assert len(info["tpm"]["ek_certificates"]) >= 1
    assert info["host"]["os"]["id"] == "debian"


@pytest.mark.usefixtures("pynvml")
def test_mig_instances_and_who_uses_them(ansible, lab):
    lab.on("other", "sh", "-c", MIG_ON)
    pid = int(lab.sim("other", "run-process", "--gpu", "0", "--gi", "2", "--memory", "1000", "--name", "training"))
    (h100,) = ansible.module("other", "gpu_info", gather=["gpus"])["gpus"]
    assert h100["mig"]["current"] and h100["mig"]["resetless"]
    (instance,) = h100["mig"]["gpu_instances"]
    assert instance["profile"].endswith("3g.40gb") and instance["placement"] == {"start": 4, "size": 4}
    assert instance["pids"] == [pid]
    assert instance["compute_instances"][0]["uuid"].startswith("MIG-")
    assert [(entry["pid"], entry["memory_mib"]) for entry in h100["processes"]] == [(pid, 1000)]

    # only root may list instances; the rest of the card is told to all
    (h100,) = ansible.module("other", "gpu_info", become=False, gather=["gpus"])["gpus"]
    assert h100["mig"]["current"] and h100["mig"]["gpu_instances"] is None


MIG_ON = """cd /tmp && cat > mig.py <<'END'
import sys
sys.path.insert(0, sys.argv[1])
from ctypes import byref
from pynvml import *
nvmlInit()
card = nvmlDeviceGetHandleByIndex(0)
assert nvmlDeviceSetMigMode(card, 1) == 0
profile = nvmlDeviceGetGpuInstanceProfileInfo(card, NVML_GPU_INSTANCE_PROFILE_3_SLICE)
place = c_nvmlGpuInstancePlacement_t(4, 4)
instance = nvmlDeviceCreateGpuInstanceWithPlacement(card, profile.id, byref(place))
compute = nvmlGpuInstanceGetComputeInstanceProfileInfo(instance, NVML_COMPUTE_INSTANCE_PROFILE_3_SLICE, 0)
nvmlGpuInstanceCreateComputeInstance(instance, compute.id)
END
python3 mig.py /usr/local/lib/edgesite-gpu/current"""


@pytest.fixture(name="pynvml")
def fixture_pynvml(ansible):
    assert not ansible.module("other", "host_tools")["failed"]


@pytest.mark.parametrize(
    ("control", "status"),
    [
        (["driver", "unloaded"], "driver_not_loaded"),
        (["driver", "mismatch"], "lib_rm_version_mismatch"),
    ],
)
def test_driver_that_does_not_work_is_a_fact(ansible, lab, control, status):
    lab.sim(HOST, *control)
    info = ansible.module(HOST, "gpu_info")
    assert info["gpus"] == [] and info["driver"]["nvml_status"] == status
    (entry,) = [entry for entry in info["unread"] if entry["what"] == "nvml"]
    assert entry["why"] and entry["fix"]
    # the cards are still seen on the PCI bus
    assert [card["name"] for card in info["accelerators"]] == ["NVIDIA A100-SXM4-40GB", "Tesla T4"]


@pytest.mark.deep
def test_lost_gpu_is_told_beside_the_others(ansible, lab):
    lab.sim(HOST, "lose", "--gpu", "0")
    info = ansible.module(HOST, "gpu_info")
    assert [gpu["name"] for gpu in info["gpus"]] == ["Tesla T4"]
    assert [(entry["what"], entry["status"]) for entry in info["unread"]] == [("gpu 0", "gpu_is_lost")]


def sysfs(lab):
    lab.on(HOST, "nvmlsim", "sysfs", "--root", "/usr/lib/edgelab/live")


@pytest.fixture
def unlisted(lab):
    """The host's first card cannot be started."""
    lab.sim(HOST, "unlist", "--gpu", "0", "failed")
    sysfs(lab)
    yield lab.gpus(HOST)[0]["pci"]
    lab.sim(HOST, "restore")
    sysfs(lab)


def test_card_that_nvml_does_not_list_is_never_silent(ansible, lab, unlisted):
    everything = {"gpus": "all", "persistence_mode": True}
    halves = {"halves": [{"devices": [0], "mig-enabled": False}]}
    info, driver, settings, one, layout = ansible.tasks(
        HOST,
        {"edgesite.gpu.gpu_info": {}},
        {"edgesite.gpu.nvidia_driver_info": {}},
        {"edgesite.gpu.gpu_settings": {"settings": [everything], "persist": False}},
        {"edgesite.gpu.gpu_settings": {"settings": [{**everything, "gpus": [{"model": "T4"}]}], "persist": False}},
        {"edgesite.gpu.mig_layout": {"mig_parted": {"version": "v1", "mig-configs": halves}, "persist": False}},
    )
    assert [gpu["name"] for gpu in info["gpus"]] == ["Tesla T4"]
    (entry,) = info["unread"]
    assert entry["what"] == f"gpu {unlisted}" and "NVML does not list it" in entry["why"] and "dmesg" in entry["fix"]
    assert driver["verdict"] == "broken" and unlisted in driver["reasons"][0]
    for refused in (settings, layout):
        assert refused["failed"] and f"GPU {unlisted} is on the PCI bus" in refused["msg"], refused
    assert not one["failed"], one


def test_excluded_card_is_no_fault(ansible, lab):
    lab.sim(HOST, "unlist", "--gpu", "0", "excluded")
    sysfs(lab)
    try:
        info = ansible.module(HOST, "gpu_info")
    finally:
        lab.sim(HOST, "restore")
        sysfs(lab)
    assert [gpu["name"] for gpu in info["gpus"]] == ["Tesla T4"] and info["unread"] == []


def test_host_without_accelerators_has_none_and_nothing_to_mend(ansible):
    info = ansible.module("hub", "gpu_info", become=False)
    assert (info["gpus"], info["accelerators"], info["jetson"], info["tpm"]) == ([], [], None, None)
    assert info["unread"] == []
