# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NVML in a process of its own, since a driver in trouble may never return from a call, or crash its library.

That it did not return is noted in /run: the next modules of the same run do not wait as long as the first one.
"""

from __future__ import annotations

import contextlib
import functools
import os
import time
from types import TracebackType
from typing import Any, Callable, Optional, Type

from ...common.errors import EdgesiteError
from ...common.host import owned_files, worker
from ..nvml_errors import NvmlCrashed, NvmlHung
from .nvml import Nvml

# The driver gives up on a GPU's firmware after 45 s (Xid 119) and returns an error; a GPU's reset takes up to 20 s.
SECONDS = 60.0
# For a driver that hung a moment ago
SECONDS_AGAIN = 10.0
NOTE = "/run/edgesite-gpu/driver-does-not-answer"
_NOTED_SECONDS = 600.0


class NvmlProcess:
    """Use as a context manager; raises NvmlError where NVML cannot be opened."""

    def __init__(self, pynvml_path: Optional[str] = None, seconds: float = SECONDS) -> None:
        self.pynvml_path = pynvml_path
        self._seconds = seconds
        self._noted = _noted()
        limit = min(seconds, SECONDS_AGAIN) if self._noted else seconds
        self._worker = worker.Worker(functools.partial(Nvml, pynvml_path), limit)

    def __enter__(self) -> NvmlProcess:
        try:
            self.open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def start(self) -> None:
        """Starts the process, without NVML yet; best done before there are threads."""
        self._worker.start()

    def open(self) -> None:
        """Opens NVML. Raises NvmlError, and may then be called again."""
        self._call(_nothing)

    def ask(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What function(nvml, *arguments) returns, called there with an Nvml; plain data both ways, no handles.

        Raises NvmlError also where a call does not return; then all further ones do so at once.
        """
        answer = self._call(function, *arguments)
        if self._noted:
            self._trust_again()
        return answer

    def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return self._worker.call(function, *arguments)
        except worker.Hung as hung:
            _note(hung.step)
            raise NvmlHung(hung.step, self._worker.seconds, hung.killed) from None
        except worker.Died as died:
            raise NvmlCrashed(died.step, died.status) from None

    def _trust_again(self) -> None:
        """The driver answers, so what follows, a reset perhaps, gets its whole time."""
        _forget()
        self._noted = False
        self._worker.seconds = self._seconds

    def close(self) -> None:
        """Closes NVML and ends the process."""
        self._worker.close()


class SharedNvml(NvmlProcess):
    """For several uses one after the other: what one of them closes stays open for the next, until close()."""

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        pass


def _noted() -> bool:
    with contextlib.suppress(OSError):
        return 0 <= time.time() - os.stat(NOTE).st_mtime < _NOTED_SECONDS
    return False


def _note(call: str) -> None:
    # Others than root change nothing on a host, this note included.
    with contextlib.suppress(EdgesiteError):
        owned_files.write_text(NOTE, call + "\n")


def _forget() -> None:
    with contextlib.suppress(EdgesiteError):
        owned_files.remove(NOTE)


def _nothing(_nvml: Nvml) -> None:
    """All that is asked for is an open NVML."""
