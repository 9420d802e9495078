# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes a card's MIG mode and instances through NVML.

Instances are looked up by their place at each call, since ids change. What is there already is not made again, and what
is gone is not destroyed again, so that an action of which nobody knows how far it got can be taken back.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from typing import Any, Iterator, List, Optional, Tuple

from ...common.clients import Client
from ...common.errors import EdgesiteError
from ...common.host import device_files
from ...gpu.host import instances
from ...gpu.host.nvml import Nvml
from ...gpu.nvml_errors import NvmlError
from .. import in_use
from ..actions import Action, EndClient, MakeComputeInstance, MakeGpuInstance, SetMode
from ..card import on_gpu_instance
from . import drm
from .cards import read_clients

_NOT_FOUND = 6
_RESET_REQUIRED = 16
_IN_USE = 19
# A program may want to save its work.
_END_SECONDS = 10.0


def apply(nvml: Nvml, action: Action) -> None:
    """Does one action. Raises EdgesiteError."""
    handle = nvml.handle(action.gpu.index)
    try:
        if isinstance(action, SetMode):
            _set_mode(nvml, handle, action)
        elif isinstance(action, MakeGpuInstance):
            _gpu_instance(nvml, handle, action)
        elif isinstance(action, MakeComputeInstance):
            _compute_instance(nvml, handle, action)
        else:
            _end(nvml, handle, action)
    except NvmlError as error:
        if error.code != _IN_USE:
            raise
        raise _in_use(nvml, handle, action, error) from error


def _set_mode(nvml: Nvml, handle: Any, action: SetMode) -> None:
    # pynvml gives the activation status back and does not raise it.
    status = nvml.call("nvmlDeviceSetMigMode", handle, int(action.enabled))
    if status and not (action.waits and status == _RESET_REQUIRED):
        # The driver notes the mode for the next reset all the same.
        with contextlib.suppress(NvmlError):
            nvml.call("nvmlDeviceSetMigMode", handle, int(action.previous))
        raise NvmlError(status)


def _gpu_instance(nvml: Nvml, handle: Any, action: MakeGpuInstance) -> None:
    present = _find_gpu_instance(nvml, handle, action)
    if action.create and present is None:
        place = nvml.pynvml.c_nvmlGpuInstancePlacement_t(action.start, action.profile.size)
        nvml.call(
            "nvmlDeviceCreateGpuInstanceWithPlacement",
            handle,
            action.profile.id,
            ctypes.byref(place),
        )
    elif not action.create and present is not None:
        nvml.call("nvmlGpuInstanceDestroy", present)


def _compute_instance(nvml: Nvml, handle: Any, action: MakeComputeInstance) -> None:
    gpu_instance = _find_gpu_instance(nvml, handle, action)
    if gpu_instance is None:
        if action.create:
            raise NvmlError(_NOT_FOUND)
        return
    present = _find_compute_instance(nvml, gpu_instance, action)
    if action.create and present is None:
        _create_compute_instance(nvml, gpu_instance, action)
    elif not action.create and present is not None:
        nvml.call("nvmlComputeInstanceDestroy", present)


def _create_compute_instance(nvml: Nvml, gpu_instance: Any, action: MakeComputeInstance) -> None:
    profiles = sorted(_compute_profiles(nvml, gpu_instance, action), key=lambda known: known.multiprocessorCount)
    if not profiles:
        raise NvmlError(_NOT_FOUND)
    profile = profiles[0] if action.partial else profiles[-1]
    if action.slices == action.profile.slices:
        # The whole fits in one way only, and drivers before R525 know no placement of compute instances.
        nvml.call("nvmlGpuInstanceCreateComputeInstance", gpu_instance, profile.id)
        return
    place = nvml.pynvml.c_nvmlComputeInstancePlacement_t(action.inner_start, action.slices)
    nvml.call(
        "nvmlGpuInstanceCreateComputeInstanceWithPlacement",
        gpu_instance,
        profile.id,
        ctypes.byref(place),
    )


def _find_gpu_instance(nvml: Nvml, handle: Any, action: Any) -> Optional[Any]:
    for instance, info in instances.gpu_instances_of(nvml, handle, action.profile.id, action.profile.max_count):
        if info.placement.start == action.start:
            return instance
    return None


def _find_compute_instance(nvml: Nvml, gpu_instance: Any, action: MakeComputeInstance) -> Optional[Any]:
    for profile in _compute_profiles(nvml, gpu_instance, action):
        for instance, info in instances.compute_instances_of(nvml, gpu_instance, profile):
            if info.placement.start == action.inner_start:
                return instance
    return None


def _compute_profiles(nvml: Nvml, gpu_instance: Any, action: MakeComputeInstance) -> Iterator[Any]:
    """The profiles with the action's slices: two where a GPU instance of one slice has more SMs than a slice."""
    return (info for info in instances.compute_profiles(nvml, gpu_instance) if info.sliceCount == action.slices)


def _end(nvml: Nvml, handle: Any, action: EndClient) -> None:
    """Asks the process to end, then makes it; waits until the card is rid of it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        end = time.monotonic() + _END_SECONDS
        if _still_there(nvml, handle, action.client):
            with contextlib.suppress(ProcessLookupError):
                os.kill(action.client.pid, number)
        while _still_there(nvml, handle, action.client):
            if time.monotonic() >= end:
                break
            time.sleep(0.05)
        else:
            return
    raise EdgesiteError(
        "{0} does not exit".format(action.client.label()),
        "Run 'ps -o stat,wchan -p {0}' on the host: in state D it waits in the kernel, and only a reboot ends "
        "it".format(action.client.pid),
    )


def _still_there(nvml: Nvml, handle: Any, client: Client) -> bool:
    return any(other.pid == client.pid for other in read_clients(nvml, handle))


def _in_use(nvml: Nvml, handle: Any, action: Action, error: NvmlError) -> EdgesiteError:
    """The error with the names of those who use it; they may have come after the plan was made."""
    clients = _users(nvml, handle, action)
    resets = isinstance(action, SetMode)
    if resets or not clients:
        known = {client.pid for client in clients}
        watching = {client.pid: client for client in _watching(nvml, handle, resets) if client.pid not in known}
        clients += tuple(watching.values())
    kernel = drm.kernel() if resets else in_use.NOTHING
    return in_use.error(error.problem, action.gpu, clients, kernel, resets)


def _watching(nvml: Nvml, handle: Any, resets: bool) -> List[Client]:
    """Who has the card open: a reset suffers nobody, and DCGM is known to leave handles to instances behind.

    Those of nvidia_modeset's file may have any card open by way of it.
    """
    found = device_files.holders(nvml.get("nvmlDeviceGetMinorNumber", handle))
    return found + (device_files.holders_of("/dev/nvidia-modeset") if resets else [])


def _users(nvml: Nvml, handle: Any, action: Action) -> Tuple[Client, ...]:
    """The processes on the card, or on the instance that the action is about."""
    clients = read_clients(nvml, handle)
    if not isinstance(action, (MakeGpuInstance, MakeComputeInstance)):
        return clients
    ids = [
        info.id
        for profile, _instance, info in instances.gpu_instances(nvml, handle)
        if (profile.id, info.placement.start) == (action.profile.id, action.start)
    ]
    return tuple(client for number in ids for client in on_gpu_instance(clients, number))
