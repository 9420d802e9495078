# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that answers, one that hangs, and one that dies."""

from __future__ import annotations

import contextlib
import os
import signal
import time

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import child, worker
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.nvml_errors import NvmlError

# What answers at all does so in less, on a busy machine too.
SECONDS = 2.0


class Made:
    """What the functions get; entered and left in the worker's process."""

    def __init__(self, note):
        self.note = note
        self.calls = 0

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        if "LEFT" in os.environ:
            with open(os.environ["LEFT"], "w", encoding="utf-8") as stream:
                stream.write("left")


@pytest.fixture
def made_worker():
    made = worker.Worker(Made, SECONDS)
    yield made
    made.close()


def pid(_made):
    return os.getpid()


def echo(_made, *values):
    return values


def count(made):
    made.calls += 1
    return made.calls


def hang(made, step):
    made.note(step)
    while True:
        time.sleep(60)


def slow(made):
    for step in range(6):
        made.note("step {0}".format(step))
        time.sleep(SECONDS / 5)
    return "done"


def refuse(_made):
    try:
        raise NvmlError(19, "GPU 3")
    except NvmlError as error:
        raise EdgesiteError("in use", "Wait", {"holders": [1]}) from error


def lost(_made):
    return {2: NvmlError(15, "GPU 2")}


def wrong(_made):
    raise KeyError("odd")


def unpicklable(made):
    return lambda: made


def die(made, number):
    made.note("the last step")
    os.kill(os.getpid(), number)


def speak(_made):
    return os.write(1, b"out"), os.write(2, b"err"), os.read(0, 1)


def test_values_go_there_and_back(made_worker):
    values = ("text", {"a": (1, 2)}, b"\x00" * 300_000)
    assert made_worker.call(echo, *values) == values
    assert made_worker.call(pid) not in (os.getpid(), None)


def test_one_process_keeps_what_was_made(made_worker):
    assert [made_worker.call(count) for _time in range(3)] == [1, 2, 3]


def test_it_may_take_long_as_long_as_each_step_is_short(made_worker):
    assert made_worker.call(slow) == "done"


def test_time_of_a_step_is_whole_also_while_it_is_noted():
    mark = worker._Mark()
    mark.note("first")
    first = mark.since()
    process = os.fork()
    if not process:
        while True:
            mark.note("next")
    try:
        assert all(mark.since() >= first for _look in range(500_000))
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def test_errors_for_users_come_back_whole(made_worker):
    with pytest.raises(EdgesiteError) as raised:
        made_worker.call(refuse)
    assert (raised.value.problem, raised.value.fix, raised.value.details) == ("in use", "Wait", {"holders": [1]})
    assert (raised.value.__cause__.code, raised.value.__cause__.status) == (19, "in_use")
    assert str(made_worker.call(lost)[2]) == str(NvmlError(15, "GPU 2"))


@pytest.mark.parametrize(("function", "text"), [(wrong, "KeyError: .odd."), (unpicklable, "lambda")])
def test_faults_come_back_with_their_traceback(made_worker, function, text):
    with pytest.raises(worker.Fault, match=text) as raised:
        made_worker.call(function)
    assert "Traceback" in str(raised.value.__cause__)
    assert made_worker.call(count) == 1


def test_step_that_takes_too_long(made_worker):
    began = time.monotonic()
    process = made_worker.call(pid)
    with pytest.raises(worker.Hung) as raised:
        made_worker.call(hang, "nvmlThis")
    assert (raised.value.step, raised.value.killed) == ("nvmlThis", True)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    with pytest.raises(worker.Hung):
        made_worker.call(count)
    assert time.monotonic() - began < 30


def test_step_that_cannot_be_killed_is_left_behind(made_worker, monkeypatch):
    process = made_worker.call(pid)
    monkeypatch.setattr(child, "GRACE_WHEN_KILLED", 0.2)
    with monkeypatch.context() as nobody_dies:
        nobody_dies.setattr(child.os, "killpg", lambda _pid, _number: None)
        with pytest.raises(worker.Hung) as raised:
            made_worker.call(hang, "nvmlThis")
        began = time.monotonic()
        made_worker.close()
        assert time.monotonic() - began < worker.CLOSING_SECONDS
    assert not raised.value.killed
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
def test_process_that_dies(made_worker, number):
    for _time in range(2):
        with pytest.raises(worker.Died) as raised:
            made_worker.call(die, number)
        assert (raised.value.step, raised.value.status) == ("the last step", -number)


def test_process_that_died_between_calls(made_worker):
    os.kill(made_worker.call(pid), signal.SIGKILL)
    with pytest.raises(worker.Died):
        made_worker.call(count)


def test_making_may_fail_and_be_tried_again(tmp_path):
    def make(note):
        if not (tmp_path / "driver").exists():
            raise NvmlError(9)
        return Made(note)

    with contextlib.closing(worker.Worker(make, SECONDS)) as made:
        with pytest.raises(NvmlError) as raised:
            made.call(count)
        assert raised.value.status == "driver_not_loaded"
        (tmp_path / "driver").touch()
        assert made.call(count) == 1


def test_what_was_made_is_closed(tmp_path, monkeypatch):
    monkeypatch.setenv("LEFT", str(tmp_path / "left"))
    made = worker.Worker(Made, SECONDS)
    process = made.call(pid)
    made.close()
    made.close()
    assert (tmp_path / "left").read_text() == "left"
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_process_that_does_not_end_is_ended(monkeypatch):
    monkeypatch.setattr(worker, "CLOSING_SECONDS", 0.2)
    monkeypatch.setattr(Made, "__exit__", lambda *_arguments: time.sleep(60))
    made = worker.Worker(Made, SECONDS)
    process = made.call(pid)
    began = time.monotonic()
    made.close()
    assert time.monotonic() - began < 30
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_it_has_neither_input_nor_output(made_worker, capfd):
    assert made_worker.call(speak) == (3, 3, b"")
    assert capfd.readouterr() == ("", "")


def test_nothing_is_left_open():
    before = os.listdir("/proc/self/fd")
    made = worker.Worker(Made, 0.2)
    with pytest.raises(worker.Hung):
        made.call(hang, "step")
    made.close()
    assert os.listdir("/proc/self/fd") == before


def test_one_that_is_never_asked_ends_too():
    made = worker.Worker(Made, SECONDS)
    made.start()
    began = time.monotonic()
    made.close()
    assert time.monotonic() - began < worker.CLOSING_SECONDS
