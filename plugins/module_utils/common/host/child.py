# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Child processes that may hang: each in a session of its own, killed as a group, left behind where that fails.

A process that hangs in the kernel does not die of a signal. It must therefore hold nothing of its parent's: as long as
it had the pipes of an SSH connection, the connection would not end.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
import traceback
from typing import Callable, Iterable, Optional, Sequence

# A program may want to save its work; one that is killed has to leave what it is at in the kernel.
GRACE = 2.0
GRACE_WHEN_KILLED = 5.0
_SHORTEST_PAUSE = 0.0005
LONGEST_PAUSE = 0.05
_FAILED = 255
# Python ignores these, and a program that it starts would too.
_RESTORED = (signal.SIGPIPE, signal.SIGXFSZ)


def fork(work: Callable[[], None], stdio: Sequence[int], keep: Iterable[int] = ()) -> int:
    """Does the work in a child; returns the child's pid.

    stdio: what the child has as standard input, output and error. keep: further files that stay open in it.
    """
    if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
        # So inherited; then the kernel would not keep how a child ended.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid:
        return pid
    # The child never returns into the parent's code, nor does it do what the parent has registered for its own end.
    try:
        os.setsid()
        _hold_only(stdio, keep)
        for number in _RESTORED:
            signal.signal(number, signal.SIG_DFL)
        work()
        os._exit(0)
    except BaseException:
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(_FAILED)


def _hold_only(stdio: Sequence[int], keep: Iterable[int]) -> None:
    # Any of these may have the number that another is to get.
    moved = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, len(stdio)) for descriptor in stdio]
    for number, descriptor in enumerate(moved):
        os.dup2(descriptor, number)
    kept = {*range(len(stdio)), *keep}
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in kept:
            # The folder's own descriptor is in the list, and closed by now.
            with contextlib.suppress(OSError):
                os.close(int(name))


def status(pid: int, seconds: float = 0.0) -> Optional[int]:
    """The exit code of a child, or the negative number of the signal that ended it; None where it has not ended yet.

    seconds: how long to wait for it.
    """
    end = time.monotonic() + seconds
    pause = _SHORTEST_PAUSE
    while True:
        ended, code = os.waitpid(pid, os.WNOHANG)
        if ended:
            return -os.WTERMSIG(code) if os.WIFSIGNALED(code) else os.WEXITSTATUS(code)
        left = end - time.monotonic()
        if left <= 0:
            return None
        time.sleep(min(pause, left))
        pause = min(2 * pause, LONGEST_PAUSE)


def end(pid: int, signals: Sequence[int] = (signal.SIGTERM, signal.SIGKILL)) -> bool:
    """Ends a child and what it started, with one signal after the other. False where it stays, and is left behind."""
    for number in signals:
        _send(pid, number)
        if status(pid, GRACE_WHEN_KILLED if number == signal.SIGKILL else GRACE) is not None:
            # What it started may not have listened.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            return True
    return False


def _send(pid: int, number: int) -> None:
    # Before it has its session, it has no group either.
    for send in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError):
            send(pid, number)
            return
