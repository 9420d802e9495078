# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated node that a case is played on: NVMLSIM_STATE in the environment says which."""

from __future__ import annotations

import ctypes
import json
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Set

import pynvml
from cases import Case

NVMLSIM = str(Path(__file__).resolve().parents[2] / "lab" / "nvml" / "nvmlsim")
DESTROYED = re.compile(r" nvmlGpuInstanceDestroy .*serial=(\d+) = NVML_SUCCESS$")


def sim(*arguments: str) -> str:
    return subprocess.run([NVMLSIM, *arguments], text=True, check=True, stdout=subprocess.PIPE).stdout


def instances() -> List[Dict]:
    return json.loads(sim("show", "--json"))["gpus"][0]["mig"]["gpu_instances"]


def layout() -> Counter:
    """The profiles that are there and usable: with one compute instance, which is all of it."""
    return Counter(instance["profile"] if _whole(instance) else "broken" for instance in instances())


def _whole(instance: Dict) -> bool:
    return [ci["name"] for ci in instance["compute_instances"]] == [instance["profile"]]


class Before(NamedTuple):
    serials: Set[int]
    busy: Set[int]


def set_up(case: Case, clients: bool) -> Before:
    """A node with the case's card, its instances and their clients, and an empty log of calls."""
    sim("init", "--gpu", case.model, "--node", "bench", "--driver", "580.105.08")
    _create(case)
    places = {(instance.profile.name, instance.start) for instance in case.busy}
    made = instances()
    busy = [instance for instance in made if (instance["profile"], instance["start"]) in places]
    for instance in busy if clients else []:
        sim("run-process", "--gpu", "0", "--gi", str(instance["id"]), "--name", "inference")
    sim("calls", "--clear")
    return Before({instance["serial"] for instance in made}, {instance["serial"] for instance in busy})


def _create(case: Case) -> None:
    pynvml.nvmlInit()
    gpu = pynvml.nvmlDeviceGetHandleByIndex(0)
    pynvml.nvmlDeviceSetMigMode(gpu, 1)
    if not pynvml.nvmlDeviceGetMigMode(gpu)[0]:
        sim("reset")
    for profile, start in case.start:
        place = pynvml.c_nvmlGpuInstancePlacement_t(start, profile.size)
        made = pynvml.nvmlDeviceCreateGpuInstanceWithPlacement(gpu, profile.id, ctypes.byref(place))
        pynvml.nvmlGpuInstanceCreateComputeInstance(made, _whole_profile(made, profile.slices))
    pynvml.nvmlShutdown()


def _whole_profile(gpu_instance: Any, slices: int) -> int:
    """The compute profile with all SMs of a GPU instance."""
    rev1 = pynvml.NVML_COMPUTE_INSTANCE_PROFILE_1_SLICE_REV1
    try:
        return int(pynvml.nvmlGpuInstanceGetComputeInstanceProfileInfo(gpu_instance, rev1, 0).id)
    except pynvml.NVMLError_NotSupported:
        return int(getattr(pynvml, f"NVML_COMPUTE_INSTANCE_PROFILE_{slices}_SLICE"))


def stop_clients() -> None:
    sim("kill-process", "--all")


class Log(NamedTuple):
    """What a tool did: the calls that change state, those refused too."""

    calls: int
    in_use: bool
    destroyed: Set[int]  # serial numbers


def log() -> Log:
    lines = sim("calls").splitlines()
    found = (DESTROYED.search(line) for line in lines)
    return Log(
        len(lines),
        any(line.endswith("= NVML_ERROR_IN_USE") for line in lines),
        {int(match.group(1)) for match in found if match},
    )
