# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that calls functions for this one, and is given up where a step of theirs takes too long.

What goes to it and comes back is plain data. It notes each step before it takes it, in memory that both see.
"""

from __future__ import annotations

import contextlib
import functools
import math
import mmap
import os
import pickle
import select
import signal
import struct
import time
import traceback
from io import FileIO
from typing import Any, BinaryIO, Callable, ContextManager, NamedTuple, Optional

from ..errors import EdgesiteError
from . import child

Note = Callable[[str], None]

# How long an idle process may take to end
CLOSING_SECONDS = 10.0
_LENGTH = struct.Struct("Q")
_SINCE = slice(0, 8)
_STEP = slice(_SINCE.stop, 128)
_BLOCK = 1 << 16


class Fault(Exception):
    """A fault in the code that was called; its cause has the traceback there."""


class Lost(Exception):
    """The process did not answer, or is gone. step: what it was at."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step


class Hung(Lost):
    """A step took too long. killed: False where the process is still there."""

    def __init__(self, step: str, killed: bool) -> None:
        super().__init__(step)
        self.killed = killed


class Died(Lost):
    """The process ended in the middle of a step. status: see child.status."""

    def __init__(self, step: str, status: int) -> None:
        super().__init__(step)
        self.status = status


class _Process(NamedTuple):
    pid: int
    requests: FileIO
    answers: FileIO


class Worker:
    """make: what gives the functions their first argument, from the first call to the end. seconds: for each step."""

    def __init__(self, make: Callable[[Note], ContextManager[Any]], seconds: float) -> None:
        self.seconds = seconds
        self._make = make
        self._mark = _Mark()
        self._process: Optional[_Process] = None
        self._lost: Optional[Lost] = None

    def start(self) -> None:
        """Starts the process, which is best done while this one has no threads; the first call does it too."""
        self._started()

    def _started(self) -> _Process:
        if self._process is None:
            self._process = _start(functools.partial(_serve, self._make, self._mark))
        return self._process

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What function(made, *arguments) returns there. Raises what it raises, or Lost, then and ever after."""
        if self._lost is not None:
            raise self._lost
        process = self._started()
        self._mark.note("starting")
        # One that is gone shows in the answer.
        with contextlib.suppress(BrokenPipeError):
            _send(process.requests, pickle.dumps((function, arguments)))
        try:
            value, error, trace = self._answer(process)
        except Lost as lost:
            self._lost = lost
            raise
        if trace:
            raise error from Fault(trace)
        if error is not None:
            raise error
        return value

    def close(self) -> None:
        """Lets the process end, or ends it."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in process.requests, process.answers:
            pipe.close()
        if self._lost is None and child.status(process.pid, CLOSING_SECONDS) is None:
            child.end(process.pid, [signal.SIGKILL])

    def _answer(self, process: _Process) -> Any:
        length = _LENGTH.unpack(self._read(process, _LENGTH.size))[0]
        return pickle.loads(self._read(process, length))

    def _read(self, process: _Process, size: int) -> bytes:
        found = b""
        while len(found) < size:
            if not self._readable(process):
                raise Hung(self._mark.step(), child.end(process.pid, [signal.SIGKILL]))
            block = process.answers.read(min(_BLOCK, size - len(found)))
            if not block:
                raise self._died(process)
            found += block
        return found

    def _died(self, process: _Process) -> Lost:
        status = child.status(process.pid, child.GRACE)
        if status is None:
            # In the kernel on its way out
            return Hung(self._mark.step(), child.end(process.pid, [signal.SIGKILL]))
        return Died(self._mark.step(), status)

    def _readable(self, process: _Process) -> bool:
        poll = select.poll()
        poll.register(process.answers, select.POLLIN)
        while True:
            left = self._mark.since() + self.seconds - time.monotonic()
            if left <= 0:
                return False
            if poll.poll(math.ceil(left * 1000)):
                return True


class _Mark:
    """What the process is at, and since when."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _STEP.stop)
        # Written by one store of the processor: the other process never sees half of a time, or none.
        self._since = memoryview(self._memory)[_SINCE].cast("d")

    def note(self, step: str) -> None:
        size = _STEP.stop - _STEP.start
        self._memory[_STEP] = step.encode()[:size].ljust(size, b"\0")
        self._since[0] = time.monotonic()

    def since(self) -> float:
        return self._since[0]

    def step(self) -> str:
        return self._memory[_STEP].rstrip(b"\0").decode("utf-8", "replace")


def _start(serve: Callable[[BinaryIO, FileIO], None]) -> _Process:
    with contextlib.ExitStack() as theirs:
        nowhere = theirs.enter_context(open(os.devnull, "r+b", buffering=0)).fileno()
        (asked, asks), (answered, answers) = os.pipe(), os.pipe()
        requests_there = theirs.enter_context(open(asked, "rb"))
        answers_there = theirs.enter_context(open(answers, "wb", buffering=0))
        kept = [requests_there.fileno(), answers_there.fileno()]
        pid = child.fork(functools.partial(serve, requests_there, answers_there), [nowhere] * 3, kept)
    return _Process(pid, open(asks, "wb", buffering=0), open(answered, "rb", buffering=0))


def _serve(make: Callable[[Note], ContextManager[Any]], mark: _Mark, requests: BinaryIO, answers: FileIO) -> None:
    """What the process does, until nobody is left to ask."""
    with contextlib.ExitStack() as stack:
        made = None
        while True:
            try:
                function, arguments = pickle.load(requests)
            except EOFError:
                return
            try:
                if made is None:
                    made = stack.enter_context(make(mark.note))
                answer = pickle.dumps((function(made, *arguments), None, ""))
            except (EdgesiteError, OSError) as error:
                answer = pickle.dumps((None, error, ""))
            except Exception as error:
                fault = Fault("{0}: {1}".format(type(error).__name__, error))
                answer = pickle.dumps((None, fault, traceback.format_exc()))
            _send(answers, _LENGTH.pack(len(answer)) + answer)


def _send(pipe: FileIO, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[pipe.write(left) :]
