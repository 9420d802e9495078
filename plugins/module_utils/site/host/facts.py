# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything gpu_info tells of a host: runs the readers and gathers what they could not read."""

from __future__ import annotations

import threading
from dataclasses import asdict
from typing import Any, Callable, Dict, List, Optional, Sequence

from ...common.errors import EdgesiteError
from ...common.host.command import Run
from ...common.reading import Reading, unread
from ...driver import versions
from ...driver.host import versions as driver_versions
from ...gpu import catalogue
from ...gpu.host import facts as nvml_facts
from ...gpu.host.process import NvmlProcess, SharedNvml
from ...jetson.host import board
from ...machine import pci
from ...machine.host import pci as pci_bus
from ...machine.host import pci_ids, secureboot, system
from ...machine.pci import Device
from ...tpm.host import read as tpm
from . import leftover

SUBSETS = ("gpus", "driver", "jetson", "tpm", "secure_boot", "accelerators", "host", "layers")
_OF_NVML = frozenset(("gpus", "driver"))
NVIDIA = "10de"
# NVML's finding that says nothing new of a host without NVIDIA hardware and driver
_NO_NVIDIA = "library_not_found"


def read(
    run: Run,
    gather: Sequence[str] = SUBSETS,
    tpm_tcti: Optional[str] = None,
    pynvml_path: Optional[str] = None,
    root: str = "/",
    shared: Optional[SharedNvml] = None,
) -> Dict[str, Any]:
    """The chosen subsets and `unread`. run: how programs are run.

    root: where files are read from; NVML and programs are always the host's own. shared: NVML that others use too.
    """
    nvml = shared or NvmlProcess(pynvml_path)
    host = _Host(run, nvml, root)
    readers: Dict[str, Callable[[], Reading]] = {
        "gpus": host.gpus,
        "driver": host.driver,
        "jetson": lambda: board.read(run, root),
        "tpm": lambda: tpm.read(run, tpm_tcti, root),
        "secure_boot": lambda: secureboot.read(root),
        "accelerators": host.accelerators,
        "host": lambda: Reading(system.read(root)),
        "layers": lambda: Reading(leftover.read(root)),
    }
    chosen = [name for name in SUBSETS if name in gather]
    readings: Dict[str, Reading] = {}

    def take(name: str) -> None:
        readings[name] = _guarded(name, readers[name])

    # A TPM answers slowly and NVML starts slowly, and both only wait: so they wait side by side.
    beside = threading.Thread(target=take, args=("tpm",))
    if "tpm" in chosen:
        if _OF_NVML.intersection(chosen):
            # a process that has threads should not be forked
            nvml.start()
        beside.start()
    for name in chosen:
        if name != "tpm":
            take(name)
    if "tpm" in chosen:
        beside.join()
    facts: Dict[str, Any] = {name: readings[name].value for name in chosen}
    # after the readers, for the list is NVML's only where one of them asked it
    readings["nvml"] = _guarded("nvml", lambda: Reading(None, host.nvml_unread()))
    facts["unread"] = [entry for name in ["nvml"] + chosen for entry in readings[name].unread]
    return facts


def _guarded(name: str, reader: Callable[[], Reading]) -> Reading:
    """A module that reads must not fail for one reading: whatever goes wrong is told beside the rest."""
    empty: Any = [] if name in ("gpus", "accelerators", "layers") else None
    try:
        return reader()
    except PermissionError as error:
        return Reading(empty, [unread(name, str(error), "Run the task as root (become: true)")])
    except EdgesiteError as error:
        return Reading(empty, [unread(name, error.problem, error.fix)])
    except Exception as error:
        why = "{0}: {1}".format(type(error).__name__, error)
        return Reading(empty, [unread(name, why, "This is a bug in edgesite.gpu: please report it with this text")])


class _Host:
    """The readers that share a reading: NVML and the PCI bus are each read once, and only where wanted."""

    def __init__(self, run: Run, nvml: NvmlProcess, root: str) -> None:
        self._run = run
        self._nvml_process = nvml
        self._root = root
        self._nvml: Optional[Dict[str, Any]] = None
        self._devices: Optional[List[Device]] = None

    def gpus(self) -> Reading:
        """NVML's list."""
        return Reading(self._read_nvml()["gpus"])

    def driver(self) -> Reading:
        """The driver's files beside NVML's view."""
        nvml = self._read_nvml()["driver"]
        found = driver_versions.read(self._run, self._has_nvidia_device(), self._root)
        status = nvml["nvml_status"]
        # the file's name tells also when NVML does not start; NVML tells also where the file is in an odd place
        user_space = found.user_space or nvml.get("version")
        reason = versions.mismatch(found.loaded, found.on_disk, user_space, status)
        return Reading(
            {
                "loaded": found.loaded,
                "on_disk": found.on_disk,
                "user_space": user_space,
                "flavour": found.flavour,
                "nvml_status": status,
                "nvml_version": nvml.get("nvml_version"),
                "cuda_version": nvml.get("cuda_version"),
                "mismatch": reason is not None,
                "mismatch_reason": reason,
            }
        )

    def accelerators(self) -> Reading:
        """Of all makers, with or without a driver."""
        names = {gpu["pci_bus_id"]: gpu["name"] for gpu in self._nvml["gpus"]} if self._nvml else {}
        described = [_describe(device, names.get(device.pci_bus_id)) for device in self._read_devices()]
        return Reading(_named([accelerator for accelerator in described if accelerator], self._root))

    def nvml_unread(self) -> List[Dict[str, Any]]:
        """What NVML could not tell. That NVML is absent is nothing to mend on a host with nothing of NVIDIA's."""
        entries: List[Dict[str, Any]] = self._nvml["unread"] if self._nvml else []
        return [entry for entry in entries if entry.get("status") != _NO_NVIDIA or self._has_nvidia()]

    def _read_nvml(self) -> Dict[str, Any]:
        if self._nvml is None:
            self._nvml = nvml_facts.read(self._nvml_process)
        return self._nvml

    def _read_devices(self) -> List[Device]:
        if self._devices is None:
            self._devices = pci_bus.read_candidates(self._root)
        return self._devices

    def _has_nvidia_device(self) -> bool:
        # by kind: the PCIe root ports of a Jetson are NVIDIA's too
        return any(device.vendor_id == NVIDIA and pci.kind(device) == pci.GPU for device in self._read_devices())

    def _has_nvidia(self) -> bool:
        return self._has_nvidia_device() or driver_versions.user_space(self._root) is not None


def _describe(device: Device, nvml_name: Optional[str]) -> Optional[Dict[str, Any]]:
    kind = pci.kind(device)
    if kind is None:
        return None
    described = asdict(device)
    described["class"] = described.pop("class_code")
    return dict(described, vendor=pci.vendor(device), kind=kind, name=nvml_name or _name(device))


def _named(accelerators: List[Dict[str, Any]], root: str) -> List[Dict[str, Any]]:
    """With the distribution's names for those that have none."""
    nameless = [_pci_key(accelerator) for accelerator in accelerators if not accelerator["name"]]
    known = pci_ids.names(nameless, root)
    return [dict(each, name=each["name"] or known.get(_pci_key(each))) for each in accelerators]


def _pci_key(accelerator: Dict[str, Any]) -> str:
    return "{vendor_id}:{device_id}".format(**accelerator)


def _name(device: Device) -> Optional[str]:
    """NVIDIA's names are in the catalogue, which settings and layouts are judged by."""
    if device.vendor_id == NVIDIA and device.device_id:
        model = catalogue.by_pci_device(int(device.device_id, 16))
        return model.name if model else None
    return pci.name(device)
