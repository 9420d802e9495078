# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes settings of a GPU through NVML."""

from __future__ import annotations

import contextlib
from typing import Any, Iterator

from .. import nvml_words
from ..nvml_errors import NvmlError
from ..settings import UNKNOWN, Change, show
from . import locked_clocks
from .nvml import ABSENT, Nvml


def apply(nvml: Nvml, change: Change) -> None:
    """Does one change. Raises NvmlError."""
    what = "{0} = {1} on GPU {2}".format(change.key, show(change.key, change.value), change.gpu.label())
    handle = nvml.handle(change.gpu.index)
    if change.key.endswith("_clocks"):
        with _noted(change):
            _SETTERS[change.key](nvml, handle, None if change.value == UNKNOWN else change.value, what)
    else:
        _SETTERS[change.key](nvml, handle, change.value, what)


@contextlib.contextmanager
def _noted(change: Change) -> Iterator[None]:
    """Notes clocks as unknown while they change: a run that is killed then does not leave a note that is wrong."""
    earlier = locked_clocks.read().get(change.gpu.uuid, {}).get(change.key)
    locked_clocks.write(change.gpu.uuid, change.key, UNKNOWN)
    try:
        yield
    except NvmlError as error:
        if error.code in ABSENT:
            locked_clocks.write(change.gpu.uuid, change.key, earlier)
        raise
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
