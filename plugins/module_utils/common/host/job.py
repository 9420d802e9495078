# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work that goes on without who began it: neither a broken link nor the end of the module ends it.

One job of a name at a time. What it is at and what it ended with are in /run, for root alone.
"""

from __future__ import annotations

import contextlib
import functools
import glob
import json
import os
import time
import traceback
import uuid
from typing import Any, Callable, Dict, Iterator, NamedTuple, Optional

from ..errors import EdgesiteError
from . import child, owned_files, run_lock

FOLDER = "/run/edgesite-gpu/jobs"
_PAUSE = 0.2
_KEPT = 5

Note = Callable[[str], None]
Work = Callable[[Note], Dict[str, Any]]


class Progress(NamedTuple):
    """Of a job. doing: what it is at. seconds: since it began. result: what it ended with, None while it is at work."""

    id: str
    doing: str
    seconds: float
    result: Optional[Dict[str, Any]] = None


class Busy(Exception):
    """Another job of the name is at work."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(progress.doing)
        self.progress = progress


def begin(name: str, work: Work) -> str:
    """Has work(note) done by a process of its own; returns the job's id. work returns plain data. Raises Busy."""
    job = uuid.uuid4().hex
    # Who asks how far another job is has the lock for a moment.
    with _locked(name, seconds=1.0) as lock:
        if lock is None:
            raise Busy(_progress(name))
        _prune(name)
        _note(name, job, time.time(), "begin")
        nowhere = os.open(os.devnull, os.O_RDWR)
        try:
            # The lock is the child's too, and is held for as long as that lives.
            child.fork(functools.partial(_do, name, job, work), [nowhere] * 3, keep=[lock])
        finally:
            os.close(nowhere)
    return job


@contextlib.contextmanager
def shut_out(name: str, seconds: float = 1.0) -> Iterator[None]:
    """Keeps jobs of the name from beginning meanwhile. Raises EdgesiteError where one is at work."""
    with _locked(name, seconds) as lock:
        if lock is None:
            raise EdgesiteError(
                "Another run is in progress on this host: {0}".format(_progress(name).doing),
                "Run again when it has finished; {0} says what it is doing".format(_path(name, "progress")),
            )
        yield


def wait(name: str, job: str, seconds: float) -> Progress:
    """How far a job is, once it has ended or after this time. Raises EdgesiteError where it is lost."""
    end = time.monotonic() + seconds
    while True:
        with _locked(name) as lock:
            ended = lock is not None
        found = _read(_path(name, job))
        if found:
            return Progress(job, "", 0.0, found["result"])
        progress = _progress(name)
        if ended:
            raise EdgesiteError(
                "The job on the host ended without a result, during this step: {0}".format(
                    progress.doing if progress.id == job else "unknown"
                ),
                "Run again to continue from there; if the host did not reboot, look for 'Out of memory' in dmesg on it",
            )
        if time.monotonic() >= end:
            return progress
        time.sleep(_PAUSE)


def _do(name: str, job: str, work: Work) -> None:
    since = time.time()
    try:
        result = work(lambda doing: _note(name, job, since, doing))
    except BaseException as error:
        result = {
            "failed": True,
            "msg": "{0}: {1}. This is a bug in edgesite.gpu: please report it with this text.".format(
                type(error).__name__, error
            ),
            "exception": traceback.format_exc(),
        }
    owned_files.write_text(_path(name, job), json.dumps({"result": result}), 0o600)


def _prune(name: str) -> None:
    """Forgets all but the last results: who asks for one may have a link that is broken for a while."""
    results = [path for path in glob.glob(_path(name, "*")) if not path.endswith((".lock", ".progress"))]
    for path in sorted(results, key=os.path.getmtime)[:-_KEPT]:
        owned_files.remove(path)


def _progress(name: str) -> Progress:
    note = _read(_path(name, "progress"))
    return Progress(
        str(note.get("id", "")), str(note.get("doing", "starting")), time.time() - float(note.get("since", time.time()))
    )


def _note(name: str, job: str, since: float, doing: str) -> None:
    # Whoever waits is told less where this fails; the work goes on.
    with contextlib.suppress(EdgesiteError):
        owned_files.write_text(
            _path(name, "progress"), json.dumps({"id": job, "since": since, "doing": doing, "pid": os.getpid()}), 0o600
        )


def _read(path: str) -> Dict[str, Any]:
    """A file that one of these jobs wrote; empty where there is none."""
    with contextlib.suppress(ValueError):
        found = json.loads(owned_files.read_text(path) or "{}")
        if isinstance(found, dict):
            return found
    return {}


@contextlib.contextmanager
def _locked(name: str, seconds: float = 0.0) -> Iterator[Optional[int]]:
    """The lock of the name, which a job holds for as long as it lives; None where one does, also after this time."""
    try:
        os.makedirs(FOLDER, 0o700, exist_ok=True)
        descriptor = os.open(_path(name, "lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise EdgesiteError(
            "cannot write to {0}: {1}".format(FOLDER, error.strerror), "Run the task as root (become: true)"
        ) from error
    try:
        yield descriptor if run_lock.wait(descriptor, seconds) else None
    finally:
        os.close(descriptor)


def _path(name: str, kind: str) -> str:
    return os.path.join(FOLDER, "{0}.{1}".format(name, kind))
