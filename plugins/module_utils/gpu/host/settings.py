# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes settings of a GPU through NVML."""

from __future__ import annotations

from typing import Any

from .. import nvml_words
from ..settings import Change, show
from . import locked_clocks
from .nvml import Nvml


def apply(nvml: Nvml, change: Change) -> None:
    """Does one change. Raises NvmlError."""
    what = "{0} = {1} on GPU {2}".format(change.key, show(change.key, change.value), change.gpu.label())
    _SETTERS[change.key](nvml, nvml.handle(change.gpu.index), change.value, what)
    if change.key.endswith("_clocks"):
        locked_clocks.write(change.gpu.uuid, change.key, change.value)


def _persistence_mode(nvml: Nvml, handle: Any, value: Any, what: str) -> None:
    nvml.call("nvmlDeviceSetPersistenceMode", handle, int(value), what=what)


def _ecc(nvml: Nvml, handle: Any, value: Any, what: str) -> None:
    nvml.call("nvmlDeviceSetEccMode", handle, int(value), what=what)


def _compute_mode(nvml: Nvml, handle: Any, value: Any, what: str) -> None:
    nvml.call("nvmlDeviceSetComputeMode", handle, nvml_words.number(nvml_words.COMPUTE_MODES, value), what=what)


def _power_limit(nvml: Nvml, handle: Any, value: Any, what: str) -> None:
    nvml.call("nvmlDeviceSetPowerManagementLimit", handle, value, what=what)


def _memory_clocks(nvml: Nvml, handle: Any, value: Any, what: str) -> None:
    if value is None:
        nvml.call("nvmlDeviceResetMemoryLockedClocks", handle, what=what)
    else:
        nvml.call("nvmlDeviceSetMemoryLockedClocks", handle, value[0], value[1], what=what)


def _gpu_clocks(nvml: Nvml, handle: Any, value: Any, what: str) -> None:
    if value is None:
        nvml.call("nvmlDeviceResetGpuLockedClocks", handle, what=what)
    else:
        nvml.call("nvmlDeviceSetGpuLockedClocks", handle, value[0], value[1], what=what)


_SETTERS = {
    "persistence_mode": _persistence_mode,
    "ecc": _ecc,
    "compute_mode": _compute_mode,
    "power_limit": _power_limit,
    "memory_clocks": _memory_clocks,
    "gpu_clocks": _gpu_clocks,
}
