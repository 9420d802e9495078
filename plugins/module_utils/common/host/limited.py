# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads and writes of hardware that may hang in the kernel, where no signal reaches who waits for them."""

from __future__ import annotations

import contextlib
from typing import Any, Callable

from ..unanswered import unanswered
from . import worker

SECONDS = 30.0


def call(what: str, function: Callable[..., Any], *arguments: Any, seconds: float = SECONDS) -> Any:
    """What function(*arguments) returns; plain data both ways. what: the device, for the message.

    Raises what it raises, and Unanswered where it takes too long.
    """
    process = worker.Worker(lambda _note: contextlib.nullcontext(function), seconds)
    try:
        return process.call(_apply, *arguments)
    except worker.Hung as hung:
        raise unanswered(what, seconds, hung.killed) from None
    finally:
        process.close()


def _apply(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)
