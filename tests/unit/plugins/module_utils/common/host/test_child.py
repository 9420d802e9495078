# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Children that end in every way, and those that do not."""

from __future__ import annotations

import os
import signal
import time

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import child


@pytest.fixture
def pipe():
    reader, writer = os.pipe()
    yield reader, writer
    for descriptor in (reader, writer):
        os.close(descriptor)


@pytest.fixture
def fork():
    """Forks children whose standard streams are nowhere, and ends those that a test leaves."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    pids = []

    def forked(work, keep=()):
        pids.append(child.fork(work, [nowhere] * 3, keep))
        return pids[-1]

    yield forked
    os.close(nowhere)
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        except (ProcessLookupError, ChildProcessError):
            continue


def forever():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(60)


def fails():
    raise RuntimeError("a fault of the child's")


def killed():
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(("work", "code"), [(bool, 0), (lambda: os._exit(3), 3), (fails, 255), (killed, -9)])
def test_how_a_child_ends(fork, work, code):
    assert child.status(fork(work), 10) == code


def test_child_that_runs_has_no_status(fork):
    began = time.monotonic()
    assert child.status(fork(forever), 0.2) is None
    assert 0.2 <= time.monotonic() - began < 30


def test_child_holds_nothing_of_its_parents(fork, pipe):
    reader, writer = pipe
    inherited = os.dup(writer)
    os.set_inheritable(inherited, True)
    try:
        pid = fork(lambda: os.write(writer, " ".join(os.listdir("/proc/self/fd")).encode()), keep=[writer])
        assert child.status(pid, 10) == 0
    finally:
        os.close(inherited)
    found = {int(name) for name in os.read(reader, 4096).split()}
    # one more is the folder's own
    assert {0, 1, 2, writer} < found and len(found) == 5 and inherited not in found


def test_streams_that_have_each_others_numbers(fork, pipe):
    reader, writer = pipe
    kept = os.dup(1)
    os.dup2(writer, 1)
    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        pid = child.fork(lambda: os.write(0, b"in") and os.write(2, b"err"), [1, nowhere, 1])
        assert child.status(pid, 10) == 0
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
    assert os.read(reader, 10) == b"inerr"


def test_child_has_a_session_of_its_own(fork, pipe):
    reader, writer = pipe
    fork(lambda: os.write(writer, str(os.getsid(0)).encode()), keep=[writer])
    assert int(os.read(reader, 20)) != os.getsid(0)


def test_child_that_does_not_listen_is_killed(fork, monkeypatch):
    monkeypatch.setattr(child, "GRACE", 0.2)
    pid = fork(forever)
    assert child.end(pid)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_what_a_child_started_ends_with_it(fork, pipe):
    reader, writer = pipe

    def parent():
        grandchild = os.fork()
        if not grandchild:
            forever()
        os.write(writer, str(grandchild).encode())
        time.sleep(60)

    pid = fork(parent, keep=[writer])
    grandchild = int(os.read(reader, 20))
    assert child.end(pid)
    end = time.monotonic() + 10
    while os.path.exists("/proc/{0}".format(grandchild)) and time.monotonic() < end:
        # where nobody reaps orphans it stays, dead
        with open("/proc/{0}/stat".format(grandchild), encoding="utf-8") as stream:
            if stream.read().rpartition(") ")[2].startswith("Z"):
                return
        time.sleep(0.01)
    assert not os.path.exists("/proc/{0}".format(grandchild))


def test_child_that_cannot_be_killed_is_left_behind(fork, monkeypatch):
    monkeypatch.setattr(child, "GRACE", 0.1)
    monkeypatch.setattr(child, "GRACE_WHEN_KILLED", 0.1)
    sent = []
    monkeypatch.setattr(child.os, "killpg", lambda pid, number: sent.append(number))
    pid = fork(forever)
    began = time.monotonic()
    assert not child.end(pid)
    assert sent == [signal.SIGTERM, signal.SIGKILL] and time.monotonic() - began < 30


def test_why_a_child_failed_is_on_its_standard_error(pipe):
    reader, writer = pipe
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        assert child.status(child.fork(fails, [nowhere, nowhere, writer]), 60) == 255
    finally:
        os.close(nowhere)
    assert "RuntimeError: a fault of the child's" in os.read(reader, 4096).decode()


def test_parent_that_was_told_to_forget_its_children(fork):
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert child.status(fork(lambda: os._exit(3)), 60) == 3
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_child_without_a_group_yet(fork, monkeypatch):
    def no_group(pid, number):
        raise ProcessLookupError

    monkeypatch.setattr(child.os, "killpg", no_group)
    assert child.end(fork(lambda: time.sleep(60)))
