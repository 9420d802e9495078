# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a card's MIG mode, profiles and instances through NVML."""

from __future__ import annotations

import ctypes
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from ..nvml_errors import NvmlError
from .nvml import FUNCTION_NOT_FOUND, NOT_SUPPORTED, Nvml, text

_INVALID_ARGUMENT = 2
_NO_PERMISSION = 4
_NOT_FOUND = 6


def read_mig(nvml: Nvml, handle: Any, processes: List[Dict[str, Any]]) -> Optional[Dict[str, Any]]:
    """Mode and instances, or None for a card without MIG. processes: as read_processes gives them."""
    mode = read_mode(nvml, handle)
    if mode is None:
        return None
    return {
        **mode,
        "max_devices": nvml.get("nvmlDeviceGetMaxMigDeviceCount", handle),
        "gpu_instances": _permitted(lambda: read_instances(nvml, handle, processes)) if mode["current"] else [],
    }


def read_mode(nvml: Nvml, handle: Any) -> Optional[Dict[str, bool]]:
    """The mode now and after the next reset, and whether it changes without one; None for a card without MIG."""
    modes = nvml.get("nvmlDeviceGetMigMode", handle)
    if modes is None:
        return None
    return {
        "current": bool(modes[0]),
        "pending": bool(modes[1]),
        "resetless": bool(nvml.field(handle, "NVML_FI_DEV_IS_RESETLESS_MIG_SUPPORTED")),
    }


def _permitted(read: Callable[[], Any]) -> Any:
    # The driver lets only root list instances, and one too old cannot; the rest of the card is still worth telling.
    try:
        return read()
    except NvmlError as error:
        if error.code in (_NO_PERMISSION, FUNCTION_NOT_FOUND):
            return None
        raise


def profiles(nvml: Nvml, handle: Any) -> Iterator[Any]:
    """The GPU instance profiles of a card."""
    count = nvml.pynvml.NVML_GPU_INSTANCE_PROFILE_COUNT
    return _known(lambda number: nvml.call("nvmlDeviceGetGpuInstanceProfileInfo", handle, number), count)


def compute_profiles(nvml: Nvml, gpu_instance: Any) -> Iterator[Any]:
    """The compute instance profiles of a GPU instance, on shared engines."""
    count = nvml.pynvml.NVML_COMPUTE_INSTANCE_PROFILE_COUNT
    function = "nvmlGpuInstanceGetComputeInstanceProfileInfo"
    return _known(lambda number: nvml.call(function, gpu_instance, number, 0), count)


def _known(profile: Callable[[int], Any], count: int) -> Iterator[Any]:
    # NVML lists no profiles: every number is tried. Those that the card lacks are not supported, and those that the
    # driver does not know are invalid.
    for number in range(count):
        try:
            yield profile(number)
        except NvmlError as error:
            if error.code not in (NOT_SUPPORTED, _INVALID_ARGUMENT):
                raise


def gpu_instances(nvml: Nvml, handle: Any) -> Iterator[Tuple[Any, Any, Any]]:
    """Profile, handle and info of each GPU instance of a card in MIG mode. The driver lists them to root only."""
    for profile in profiles(nvml, handle):
        for instance, info in gpu_instances_of(nvml, handle, profile.id, profile.instanceCount):
            yield profile, instance, info


def gpu_instances_of(nvml: Nvml, handle: Any, profile_id: int, most: int) -> Iterator[Tuple[Any, Any]]:
    """Handle and info of each GPU instance of a profile, of which the card has at most so many."""
    kind = nvml.pynvml.c_nvmlGpuInstance_t
    for instance in _list(nvml, "nvmlDeviceGetGpuInstances", handle, profile_id, most, kind):
        yield instance, nvml.call("nvmlGpuInstanceGetInfo", instance)


def compute_instances(nvml: Nvml, gpu_instance: Any) -> Iterator[Tuple[Any, Any, Any]]:
    """Profile, handle and info of each compute instance of a GPU instance."""
    for profile in compute_profiles(nvml, gpu_instance):
        for instance, info in compute_instances_of(nvml, gpu_instance, profile):
            yield profile, instance, info


def compute_instances_of(nvml: Nvml, gpu_instance: Any, profile: Any) -> Iterator[Tuple[Any, Any]]:
    """Handle and info of each compute instance of a profile."""
    function, kind = "nvmlGpuInstanceGetComputeInstances", nvml.pynvml.c_nvmlComputeInstance_t
    for instance in _list(nvml, function, gpu_instance, profile.id, profile.instanceCount, kind):
        yield instance, nvml.call("nvmlComputeInstanceGetInfo", instance)


def read_instances(nvml: Nvml, handle: Any, processes: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """The GPU instances of a card in MIG mode with their compute instances. Raises NvmlError where root is needed."""
    uuids = _device_uuids(nvml, handle)
    found = []
    for profile, instance, info in gpu_instances(nvml, handle):
        entry = _entry(profile, info)
        entry["memory_mib"] = profile.memorySizeMB
        entry["compute_instances"] = _compute_instances(nvml, instance, entry["id"], uuids)
        entry["pids"] = sorted({client["pid"] for client in processes if client["gpu_instance_id"] == entry["id"]})
        found.append(entry)
    return sorted(found, key=lambda entry: entry["placement"]["start"])


def _compute_instances(nvml: Nvml, gpu_instance: Any, gpu_instance_id: int, uuids: Any) -> List[Dict[str, Any]]:
    found = []
    for profile, _instance, info in compute_instances(nvml, gpu_instance):
        entry = _entry(profile, info)
        entry["uuid"] = uuids.get((gpu_instance_id, entry["id"]))
        found.append(entry)
    return sorted(found, key=lambda entry: entry["id"])


def _entry(profile: Any, info: Any) -> Dict[str, Any]:
    """What GPU and compute instances both have."""
    return {
        "id": info.id,
        "profile": text(profile.name),
        "profile_id": profile.id,
        "slices": profile.sliceCount,
        "multiprocessors": profile.multiprocessorCount,
        "placement": {"start": info.placement.start, "size": info.placement.size},
    }


def _list(nvml: Nvml, function: str, owner: Any, profile_id: int, most: int, kind: Any) -> List[Any]:
    """The owner's instances of a profile."""
    room = (kind * max(most, 1))()
    count = ctypes.c_uint(max(most, 1))
    nvml.call(function, owner, profile_id, room, ctypes.byref(count))
    return list(room[: count.value])


def _device_uuids(nvml: Nvml, handle: Any) -> Dict[Any, str]:
    """UUID of each MIG device by (GPU instance id, compute instance id)."""
    uuids = {}
    for index in range(nvml.get("nvmlDeviceGetMaxMigDeviceCount", handle) or 0):
        try:
            device = nvml.call("nvmlDeviceGetMigDeviceHandleByIndex", handle, index)
        except NvmlError as error:
            if error.code == _NOT_FOUND:
                continue
            raise
        key = (nvml.call("nvmlDeviceGetGpuInstanceId", device), nvml.call("nvmlDeviceGetComputeInstanceId", device))
        uuids[key] = nvml.call("nvmlDeviceGetUUID", device)
    return uuids
