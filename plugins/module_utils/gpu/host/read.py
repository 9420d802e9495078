# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what NVML knows of one GPU, as plain data. A value that the card does not have is None."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from ...common.errors import EdgesiteError
from .. import nvml_words
from ..nvml_errors import NvmlError
from ..nvml_words import word
from ..selectors import GpuId
from . import fabric, unlisted
from .instances import read_mig
from .nvml import Nvml
from .unlisted import Lost

_MIB = 1024 * 1024
_NO_INSTANCE = 0xFFFFFFFF


def read_gpu(nvml: Nvml, gpu: GpuId, handle: Any) -> Dict[str, Any]:
    """Everything gpu_info tells of one GPU."""
    get = nvml.get
    architecture = get("nvmlDeviceGetArchitecture", handle)
    pci = nvml.call("nvmlDeviceGetPciInfo", handle)
    processes = read_processes(nvml, handle)
    return {
        "index": gpu.index,
        "uuid": gpu.uuid,
        "name": gpu.name,
        "pci_bus_id": gpu.pci_bus_id,
        "pci_vendor_id": "{0:04x}".format(pci.pciDeviceId & 0xFFFF),
        "pci_device_id": "{0:04x}".format(pci.pciDeviceId >> 16),
        "pci_subsystem_id": "{0:04x}:{1:04x}".format(pci.pciSubSystemId & 0xFFFF, pci.pciSubSystemId >> 16),
        "serial": get("nvmlDeviceGetSerial", handle),
        "part_number": get("nvmlDeviceGetBoardPartNumber", handle),
        "vbios_version": get("nvmlDeviceGetVbiosVersion", handle),
        "minor_number": get("nvmlDeviceGetMinorNumber", handle),
        "architecture": word(nvml_words.ARCHITECTURES, architecture),
        "cuda_compute_capability": _dotted(get("nvmlDeviceGetCudaComputeCapability", handle)),
        "memory_mib": read_memory(nvml, handle),
        "power_w": _power(nvml, handle),
        "clocks_mhz": _clocks(nvml, handle),
        "temperature_c": get("nvmlDeviceGetTemperature", handle, 0),
        "utilization_percent": _utilization(get("nvmlDeviceGetUtilizationRates", handle)),
        "performance_state": get("nvmlDeviceGetPerformanceState", handle),
        "persistence_mode": as_bool(get("nvmlDeviceGetPersistenceMode", handle)),
        "compute_mode": word(nvml_words.COMPUTE_MODES, get("nvmlDeviceGetComputeMode", handle)),
        "ecc": read_ecc(nvml, handle),
        "mig": read_mig(nvml, handle, processes),
        "vgpu": _vgpu(nvml, handle),
        "fabric": fabric.read(nvml, handle),
        "processes": processes,
    }


def read_gpus(nvml: Nvml) -> Tuple[List[Dict[str, Any]], Lost]:
    """All GPUs, and the reason for each that could not be read, also where NVML does not list it."""
    gpus: List[Dict[str, Any]] = []
    lost: Dict[int, EdgesiteError] = {}
    for index in range(nvml.count()):
        try:
            handle = nvml.handle(index)
            gpus.append(read_gpu(nvml, nvml.identify(index, handle), handle))
        except NvmlError as error:
            lost[index] = error
    return gpus, unlisted.added(lost, [gpu["pci_bus_id"] for gpu in gpus])


def as_bool(value: Optional[int]) -> Optional[bool]:
    """NVML's enable state as a truth value."""
    return None if value is None else bool(value)


def read_ecc(nvml: Nvml, handle: Any) -> Optional[Dict[str, bool]]:
    """ECC now and after the next reset or reboot (nvmlDeviceGetEccMode)."""
    modes = nvml.get("nvmlDeviceGetEccMode", handle)
    return None if modes is None else {"current": bool(modes[0]), "pending": bool(modes[1])}


def read_memory(nvml: Nvml, handle: Any) -> Optional[Dict[str, Optional[int]]]:
    """The card's memory in MiB. reserved is None where the driver counts what it keeps for itself as used."""
    version = getattr(nvml.pynvml, "nvmlMemory_v2", None)
    memory = nvml.get("nvmlDeviceGetMemoryInfo", handle, version) if version else None
    if memory is None:
        memory = nvml.get("nvmlDeviceGetMemoryInfo", handle)
    if memory is None:
        return None
    amounts = {name: getattr(memory, name, None) for name in ("total", "used", "free", "reserved")}
    return {name: None if amount is None else amount // _MIB for name, amount in amounts.items()}


def read_processes(nvml: Nvml, handle: Any) -> List[Dict[str, Any]]:
    """The GPU clients, by pid."""
    found: Dict[Any, Dict[str, Any]] = {}
    for kind, function in (
        ("mps", "nvmlDeviceGetMPSComputeRunningProcesses"),  # first: NVML lists its clients as compute clients as well
        ("compute", "nvmlDeviceGetComputeRunningProcesses"),
        ("graphics", "nvmlDeviceGetGraphicsRunningProcesses"),
    ):
        for process in _listed(nvml, function, handle):
            entry = {
                "pid": process.pid,
                "name": _process_name(nvml, process.pid),
                "kind": kind,
                "memory_mib": None if process.usedGpuMemory is None else process.usedGpuMemory // _MIB,
                "gpu_instance_id": _instance(process.gpuInstanceId),
                "compute_instance_id": _instance(process.computeInstanceId),
            }
            found.setdefault((process.pid, entry["gpu_instance_id"], entry["compute_instance_id"]), entry)
    return [found[key] for key in sorted(found, key=lambda key: (key[0], str(key)))]


def _listed(nvml: Nvml, function: str, handle: Any) -> List[Any]:
    """One list of clients: pynvml asks for the third version of it, drivers before R510 have the second."""
    found = nvml.get(function, handle)
    if found is None:
        found = nvml.get(function + "_v2", handle)
    return found or []


def _process_name(nvml: Nvml, pid: int) -> Optional[str]:
    # The process may have ended since it was listed, which NVML reports as not found or no permission.
    try:
        return str(nvml.call("nvmlSystemGetProcessName", pid))
    except NvmlError:
        return None


def _instance(number: Optional[int]) -> Optional[int]:
    return None if number in (None, _NO_INSTANCE) else number


def _dotted(pair: Any) -> Optional[str]:
    return None if pair is None else "{0}.{1}".format(*pair)


def _utilization(rates: Any) -> Optional[Dict[str, int]]:
    return None if rates is None else {"gpu": rates.gpu, "memory": rates.memory}


def _power(nvml: Nvml, handle: Any) -> Dict[str, Optional[float]]:
    minimum, maximum = nvml.get("nvmlDeviceGetPowerManagementLimitConstraints", handle) or (None, None)
    return {
        "limit": _watts(nvml.get("nvmlDeviceGetPowerManagementLimit", handle)),
        "enforced_limit": _watts(nvml.get("nvmlDeviceGetEnforcedPowerLimit", handle)),
        "default_limit": _watts(nvml.get("nvmlDeviceGetPowerManagementDefaultLimit", handle)),
        "min_limit": _watts(minimum),
        "max_limit": _watts(maximum),
        "usage": _watts(nvml.get("nvmlDeviceGetPowerUsage", handle)),
    }


def _watts(milliwatts: Optional[int]) -> Optional[float]:
    return None if milliwatts is None else milliwatts / 1000.0


def _clocks(nvml: Nvml, handle: Any) -> Dict[str, Optional[int]]:
    # nvmlClockType_t: 0 graphics, 1 SM, 2 memory
    clocks: Dict[str, Optional[int]] = {}
    for number, name in enumerate(("graphics", "sm", "memory")):
        clocks[name] = nvml.get("nvmlDeviceGetClockInfo", handle, number)
        clocks["max_" + name] = nvml.get("nvmlDeviceGetMaxClockInfo", handle, number)
    memory = nvml.get("nvmlDeviceGetSupportedMemoryClocks", handle) or []
    graphics = nvml.get("nvmlDeviceGetSupportedGraphicsClocks", handle, max(memory)) if memory else None
    clocks["min_memory"] = min(memory) if memory else None
    clocks["min_graphics"] = min(graphics) if graphics else None
    return clocks


def _vgpu(nvml: Nvml, handle: Any) -> Dict[str, Any]:
    # Only a host driver of vGPU lists supported types; every other answers not supported.
    supported = nvml.get("nvmlDeviceGetSupportedVgpus", handle)
    return {
        "virtualization_mode": word(
            nvml_words.VIRTUALIZATION_MODES, nvml.get("nvmlDeviceGetVirtualizationMode", handle)
        ),
        "host_capable": bool(supported),
        "supported_types": len(supported or []),
    }
