# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated node on which a re-layout is interrupted, again and again from the same start."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Set, Tuple

import pynvml
from ansible_collections.edgesite.gpu.tests.integration.nvml import mig_runs
from ansible_collections.edgesite.gpu.tests.integration.nvml.mig_relayouts import Card, Relayout

NVMLSIM = str(Path(__file__).resolve().parents[2] / "lab" / "nvml" / "build" / "nvmlsim")


class Look(NamedTuple):
    """What is on the cards at a time.

    things: modes and instances by their places, without the ids and serial numbers that change when one is made anew.
    busy: processes, with the serial numbers of the instances they run on. mig: all there is, card by card.
    """

    things: Set[Tuple]
    busy: Set[Tuple]
    mig: List[Dict]


class CrashNode:
    """The re-layout's cards with what is on them at its start. The environment names the node, so one at a time."""

    def __init__(self, relayout: Relayout, folder: Path) -> None:
        self.relayout = relayout
        self.folder = folder
        self._options = {"layouts": relayout.layouts(), "persist": False}
        self._state = folder / "state"
        os.environ.update(NVMLSIM_STATE=str(self._state), NVMLSIM_DEV=str(folder), NVMLSIM_SYS=str(folder / "sys"))
        self.sim("init", "--node", "crash", *(word for _card in relayout.cards for word in ("--gpu", relayout.model)))
        self._make()
        self._start = self._state.read_bytes()
        self.before = self.look()

    def _make(self) -> None:
        pynvml.nvmlInit()
        for index, card in enumerate(self.relayout.cards):
            if card.there is not None:
                self._make_card(index, card)
        pynvml.nvmlShutdown()

    def _make_card(self, index: int, card: Card) -> None:
        handle = pynvml.nvmlDeviceGetHandleByIndex(index)
        pynvml.nvmlDeviceSetMigMode(handle, 1)
        for there in card.there:
            profile = self.relayout.profile(there.profile)
            place = pynvml.c_nvmlGpuInstancePlacement_t(self.relayout.place(there.start), profile.size)
            made = pynvml.nvmlDeviceCreateGpuInstanceWithPlacement(handle, profile.id, ctypes.byref(place))
            gpu_instance = pynvml.nvmlGpuInstanceGetInfo(made).id
            for which, (slices, start) in enumerate(there.compute or [(profile.slices, 0)]):
                constant = getattr(pynvml, f"NVML_COMPUTE_INSTANCE_PROFILE_{slices}_SLICE")
                place = pynvml.c_nvmlComputeInstancePlacement_t(start, slices)
                inner = pynvml.nvmlGpuInstanceCreateComputeInstanceWithPlacement(made, constant, ctypes.byref(place))
                if which in there.busy:
                    number = pynvml.nvmlComputeInstanceGetInfo(inner).id
                    self.sim("run-process", "--gpu", index, "--gi", gpu_instance, "--ci", number)

    def sim(self, *arguments: Any) -> str:
        return subprocess.run(
            [NVMLSIM, *map(str, arguments)], text=True, check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
        ).stdout

    def close(self) -> None:
        self.sim("kill-process", "--all")

    def reset(self) -> None:
        """Back to the start."""
        self.forget()
        Path(f"{self._state}.changed").unlink(missing_ok=True)
        self._state.write_bytes(self._start)

    def forget(self) -> None:
        """Nothing is ordered, and no call logged."""
        for suffix in (".fail", ".calls"):
            Path(f"{self._state}{suffix}").unlink(missing_ok=True)

    def fail(self, *order: Any) -> None:
        """Orders a failure."""
        self.sim("fail", "any-change", *order)

    def calls(self) -> List[str]:
        """The functions called that change state."""
        return [line.split()[2] for line in self.sim("calls").splitlines()]

    def run(self) -> mig_runs.Run:
        """Runs the module."""
        return mig_runs.run(self._options)

    def is_killed(self) -> bool:
        """Runs the module where it is to be killed; whether it is."""
        return mig_runs.is_killed(self._options)

    def look(self) -> Look:
        shown = json.loads(self.sim("show", "--json"))
        gpus = shown["gpus"]
        return Look(
            {thing for gpu in gpus for thing in _things(gpu)},
            {_busy(gpus[process["gpu"]], process) for process in shown["processes"]},
            [gpu["mig"] for gpu in gpus],
        )


def _things(gpu: Dict) -> List[Tuple]:
    uuid, mig = gpu["uuid"], gpu["mig"]
    found = [(uuid, "mode")] if mig["current"] else []
    if mig["pending"] != mig["current"]:
        found.append((uuid, "pending mode", mig["pending"]))
    for instance in mig["gpu_instances"]:
        outer = (uuid, instance["profile"], instance["start"])
        found.append(outer)
        found += [(*outer, inner["start"], inner["size"]) for inner in instance["compute_instances"]]
    return found


def _busy(gpu: Dict, process: Dict) -> Tuple:
    serials = tuple(
        (instance["serial"], inner["serial"])
        for instance in gpu["mig"]["gpu_instances"]
        for inner in instance["compute_instances"]
        if (instance["id"], inner["id"]) == (process["gi"], process["ci"])
    )
    return (process["pid"], gpu["uuid"], *serials)


def named(action: Dict) -> Tuple:
    """The thing, as in Look, that an action in the module's result makes or takes away."""
    if action["kind"] == "set_mode":
        return action["uuid"], "mode"
    outer = (action["uuid"], action["profile"], action["placement"]["start"])
    inner = action.get("compute_placement")
    return (*outer, inner["start"], inner["size"]) if inner else outer
