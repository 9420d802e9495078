# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs programs, for modules and boot units alike: without a shell, with a limit of time.

AnsibleModule.run_command knows neither a limit nor an empty input, and takes a second over one short program in fifty.
"""

from __future__ import annotations

import contextlib
import functools
import os
import selectors
import shutil
import time
from dataclasses import dataclass
from io import FileIO
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Protocol, Sequence, Tuple

from ..unanswered import unanswered
from . import child

# The path of a non-login shell often lacks these
_EXTRA_PATH = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin")
# For what a host has at hand: a version, a list, a state
SECONDS = 15.0
# All that a pipe holds: 16 pages, of up to 64 KiB
_BLOCK = 1 << 20

Heard = Callable[[bytes], None]


@dataclass(frozen=True)
class Result:
    """What a program did. rc is None where it could not be started; error then says why."""

    rc: Optional[int]
    stdout: bytes
    error: str

    @property
    def ok(self) -> bool:
        """Whether it ended with success."""
        return self.rc == 0

    @property
    def text(self) -> str:
        """Its output as text."""
        return self.stdout.decode("utf-8", "replace")


class Run(Protocol):
    """Runs argv[0], a path from find(), in the locale C, without ever waiting for a person.

    data goes to its standard input, which is empty otherwise. After timeout seconds it is ended. environment: further
    variables that it gets. heard: gets what it prints while it runs, block by block.
    """

    def __call__(
        self,
        argv: Sequence[str],
        data: Optional[bytes] = None,
        timeout: float = SECONDS,
        environment: Optional[Mapping[str, str]] = None,
        heard: Optional[Heard] = None,
    ) -> Result:
        """Raises Unanswered for a program that takes longer, and nothing else for what a program does."""
        raise NotImplementedError


def find(program: str) -> Optional[str]:
    """The path of a program, or None."""
    places = os.environ.get("PATH", "").split(os.pathsep) + list(_EXTRA_PATH)
    return shutil.which(program, path=os.pathsep.join(places))


def run(
    argv: Sequence[str],
    data: Optional[bytes] = None,
    timeout: float = SECONDS,
    environment: Optional[Mapping[str, str]] = None,
    heard: Optional[Heard] = None,
) -> Result:
    """See Run."""
    variables = {**os.environ, "LC_ALL": "C", "LANGUAGE": "C", **(environment or {})}
    try:
        with contextlib.ExitStack() as ours:
            program = _start(argv, data, variables, ours, heard)
            rc = _attend(program, data or b"", time.monotonic() + timeout)
    except OSError as error:
        return _not_started(argv, error.errno)
    if rc is None:
        raise unanswered(os.path.basename(argv[0]), timeout, killed=child.end(program.pid))
    stdout, stderr, failure = (bytes(content) for content in program.outputs.values())
    if failure:
        return _not_started(argv, int(failure))
    return Result(rc, stdout, stderr.decode("utf-8", "replace"))


def _not_started(argv: Sequence[str], number: Optional[int]) -> Result:
    return Result(None, b"", "{0}: {1}".format(argv[0], os.strerror(number or 0)))


class _Program(NamedTuple):
    """feed: the pipe to its input. outputs: what was read of its output, of its error, and of why it did not start."""

    pid: int
    feed: Optional[FileIO]
    outputs: Dict[FileIO, bytearray]
    heard: Optional[Heard]


def _start(
    argv: Sequence[str],
    data: Optional[bytes],
    variables: Dict[str, str],
    ours: contextlib.ExitStack,
    heard: Optional[Heard],
) -> _Program:
    """Starts a program, with this process's ends of its pipes on the stack."""
    with contextlib.ExitStack() as theirs:
        if data:
            stdin, feed = _pipe(theirs, ours)
        else:
            # else it would have the module's own input, which may be a terminal
            stdin, feed = theirs.enter_context(open(os.devnull, "rb", buffering=0)), None
        readers, (stdout, stderr, failure) = zip(*(_pipe(ours, theirs) for _output in range(3)))
        stdio = [stdin.fileno(), stdout.fileno(), stderr.fileno()]
        execute = functools.partial(_execute, list(argv), variables, failure)
        pid = child.fork(execute, stdio, keep=[failure.fileno()])
    return _Program(pid, feed, {reader: bytearray() for reader in readers}, heard)


def _pipe(readers: contextlib.ExitStack, writers: contextlib.ExitStack) -> Tuple[FileIO, FileIO]:
    reader, writer = os.pipe()
    return (
        readers.enter_context(open(reader, "rb", buffering=0)),
        writers.enter_context(open(writer, "wb", buffering=0)),
    )


def _execute(argv: List[str], variables: Dict[str, str], failure: FileIO) -> None:
    """Becomes the program; the pipe for failures closes with that."""
    try:
        os.execve(argv[0], argv, variables)
    except OSError as error:
        failure.write(str(error.errno).encode())


def _attend(program: _Program, data: bytes, end: float) -> Optional[int]:
    """Feeds the program and reads what it says until it ends; its exit code, None where it does not end in time."""
    with selectors.DefaultSelector() as pipes:
        for output in program.outputs:
            _register(pipes, output, selectors.EVENT_READ)
        if program.feed:
            _register(pipes, program.feed, selectors.EVENT_WRITE)
        while pipes.get_map():
            left = end - time.monotonic()
            if left <= 0:
                return None
            for key, _events in pipes.select(min(left, child.LONGEST_PAUSE)):
                data = _serve(pipes, program, key.fileobj, data)
            rc = child.status(program.pid)
            if rc is not None:
                # What it started may hold its pipes for ever; what the program itself said is in them by now.
                for output in program.outputs:
                    _read(output, program)
                return rc
    return child.status(program.pid, max(0.0, end - time.monotonic()))


def _register(pipes: selectors.BaseSelector, pipe: FileIO, event: int) -> None:
    os.set_blocking(pipe.fileno(), False)
    pipes.register(pipe, event)


def _serve(pipes: selectors.BaseSelector, program: _Program, pipe: Any, data: bytes) -> bytes:
    """Does what a pipe is ready for; the data that are still to be written."""
    if pipe is program.feed:
        data = _write(pipe, data)
        finished = not data
    else:
        finished = not _read(pipe, program)
    if finished:
        pipes.unregister(pipe)
        pipe.close()
    return data


def _write(feed: FileIO, data: bytes) -> bytes:
    try:
        return data[feed.write(data) or 0 :]
    except BrokenPipeError:
        # The program does not want it.
        return b""


def _read(output: FileIO, program: _Program) -> bool:
    """Reads one block, which is all that a pipe holds; whether there may be more."""
    block = b"" if output.closed else output.read(_BLOCK)
    program.outputs[output] += block or b""
    if block and program.heard:
        program.heard(block)
    return block != b""
