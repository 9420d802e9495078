# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A limit of time for a part of what a task does."""

from __future__ import annotations

import contextlib
import signal
import time
from types import FrameType
from typing import Iterator, Optional

from ..module_utils.common.errors import EdgesiteError


class _Over(BaseException):
    """Nothing that is done meanwhile takes it for an error of its own, as connections do that try again."""


@contextlib.contextmanager
def limit(seconds: int, what: str, fix: str) -> Iterator[None]:
    """Raises EdgesiteError where what is done here takes longer; 0 is no limit. Then the task's own limit goes on."""

    def end(_signal: int, _frame: Optional[FrameType]) -> None:
        raise _Over()

    before = signal.signal(signal.SIGALRM, end)
    begin, left = time.monotonic(), signal.alarm(seconds)
    try:
        try:
            yield
        finally:
            signal.alarm(0)
    except _Over:
        raise EdgesiteError("{0} took longer than {1} s".format(what, seconds), fix) from None
    finally:
        signal.signal(signal.SIGALRM, before)
        if left:
            signal.alarm(max(1, left - int(time.monotonic() - begin)))
