# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress that is never silent for long: a line per step, and a heartbeat while one runs."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

BEAT_SECONDS = 5.0
_started = time.monotonic()
_lock = threading.Lock()


def say(text: str) -> None:
    """One line with the seconds since the command began, to stderr: stdout is for results."""
    with _lock:
        print(f"[{time.monotonic() - _started:6.1f}s] {text}", file=sys.stderr, flush=True)


@contextmanager
def heartbeat(step: str, detail: Callable[[], str] = lambda: "") -> Iterator[None]:
    """Say every few seconds that a step still runs, and how far it is."""
    done = threading.Event()
    begun = time.monotonic()

    def beat() -> None:
        while not done.wait(BEAT_SECONDS):
            more = detail()
            say(f"{step}: {time.monotonic() - begun:.0f} s so far" + (f": {more}" if more else ""))

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
