# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NVML through pynvml: opens it, finds GPUs, turns its errors into ones for users.

Any call may never return; process.py is what others use.
"""

from __future__ import annotations

import contextlib
import ctypes
from types import TracebackType
from typing import Any, Callable, Optional, Type

from ...common.errors import printable
from ..nvml_errors import PYNVML_MISSING, NvmlError
from ..selectors import GpuId, canonical_pci
from . import driver_container, pynvml_loader

NOT_SUPPORTED = 3
LIBRARY_NOT_FOUND = 12
FUNCTION_NOT_FOUND = 13
_UNKNOWN = 999
ABSENT = (NOT_SUPPORTED, FUNCTION_NOT_FOUND)


class Nvml:
    """An open NVML. Use as a context manager; raises NvmlError where NVML cannot be opened."""

    def __init__(self, pynvml_path: Optional[str] = None, note: Callable[[str], None] = lambda _step: None) -> None:
        """note: is called with the name of each step before it is taken, so that one that never ends can be named."""
        self._note = note
        note("loading libnvidia-ml.so.1")
        driver_container.load()
        library = pynvml_loader.usable(pynvml_path)
        if library is None:
            raise NvmlError(PYNVML_MISSING if _has_driver() else LIBRARY_NOT_FOUND)
        self.pynvml: Any = library
        self.call("nvmlInit")

    def __enter__(self) -> Nvml:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        # A driver that went away meanwhile cannot be closed, and need not be.
        with contextlib.suppress(self.pynvml.NVMLError):
            self.pynvml.nvmlShutdown()

    def call(self, function: str, *args: Any, what: str = "") -> Any:
        """Calls one function of NVML. Raises NvmlError; what names the thing for the user."""
        called = getattr(self.pynvml, function, None)
        if called is None:
            raise NvmlError(FUNCTION_NOT_FOUND, what or function)
        self._note(function)
        try:
            result = called(*args)
        except self.pynvml.NVMLError as error:
            raise NvmlError(error.value, what) from None
        except getattr(self.pynvml, "NVMLLibraryMismatchError", ()):
            # by which pynvml hides that the driver lacks the function, in a few of them
            raise NvmlError(FUNCTION_NOT_FOUND, what or function) from None
        except UnicodeDecodeError as error:
            # pynvml takes all text for UTF-8, which the name of a process or a damaged serial number need not be
            result = error.object
        finally:
            self._note("what comes after " + function)
        return text(result)

    def get(self, function: str, *args: Any) -> Any:
        """As call, but None where the card or the driver does not have it."""
        try:
            return self.call(function, *args)
        except NvmlError as error:
            if error.code in ABSENT:
                return None
            raise

    def field(self, handle: Any, name: str) -> Any:
        """One field value of a GPU (nvmlDeviceGetFieldValues), or None."""
        field_id = getattr(self.pynvml, name, None)
        values = None if field_id is None else self.get("nvmlDeviceGetFieldValues", handle, [field_id])
        if not values or values[0].nvmlReturn != 0:
            return None
        return values[0].value.uiVal

    def count(self) -> int:
        """How many GPUs NVML knows; lost ones count."""
        return int(self.call("nvmlDeviceGetCount"))

    def handle(self, index: int) -> Any:
        """The handle of the GPU with this index."""
        return self.call("nvmlDeviceGetHandleByIndex", index, what="GPU {0}".format(index))

    def identify(self, index: int, handle: Any) -> GpuId:
        """The GPU's identity."""
        pci = self.call("nvmlDeviceGetPciInfo", handle)
        return GpuId(
            index=index,
            uuid=self.call("nvmlDeviceGetUUID", handle),
            pci_bus_id=_address(text(pci.busId)),
            name=self.call("nvmlDeviceGetName", handle),
        )


def _has_driver() -> bool:
    """Whether there is an NVML for pynvml to load: on a host without, a missing pynvml is nothing to mend."""
    try:
        ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return False
    return True


def text(value: Any) -> Any:
    """Bytes and text as one line of text, all else as it is: which one pynvml gives depends on its release."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return printable(value) if isinstance(value, str) else value


def _address(told: str) -> str:
    try:
        return canonical_pci(told)
    except ValueError:
        raise NvmlError(_UNKNOWN, "the PCI address {0}".format(told)) from None
