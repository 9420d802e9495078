# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real programs."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import child, command
from ansible_collections.edgesite.gpu.plugins.module_utils.common.unanswered import Unanswered


def python(code, **more):
    return command.run([sys.executable, "-c", code], **more)


def test_find_looks_beyond_path(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command.find("sh") in ("/usr/bin/sh", "/bin/sh")
    assert command.find("no-such-program") is None


def test_output_and_locale():
    result = python("import os; print(os.environ['LC_ALL'], '$HOME ~')")
    assert (result.ok, result.text) == (True, "C $HOME ~\n")


def test_environment_is_added(monkeypatch):
    monkeypatch.setenv("MORE", "theirs")
    code = "import os; print(os.environ['PASSWORD'], os.environ['MORE'])"
    assert python(code, environment={"PASSWORD": "a key"}).text == "a key theirs\n"


def test_bytes_go_both_ways_unchanged():
    code = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"
    assert python(code, data=b"\x00\xffcertificate\r").stdout == b"\x00\xffcertificate\r"


def test_more_than_a_pipe_holds_goes_both_ways():
    code = "import sys\nfor block in iter(lambda: sys.stdin.buffer.read(1000), b''): sys.stdout.buffer.write(block)"
    data = os.urandom(300_000)
    assert python(code, data=data).stdout == data


def test_failure_and_its_message():
    result = python("import sys; print('why', file=sys.stderr); sys.exit(3)")
    assert (result.ok, result.rc, result.error) == (False, 3, "why\n")


@pytest.mark.parametrize("data", [None, b""])
def test_no_data_is_an_empty_input(data):
    reader, writer = os.pipe()
    kept = os.dup(0)
    # an input of the module that never ends, as a terminal's
    os.dup2(reader, 0)
    try:
        assert python("import sys; print(repr(sys.stdin.read()))", data=data).text == "''\n"
    finally:
        os.dup2(kept, 0)
        for descriptor in (reader, writer, kept):
            os.close(descriptor)


def test_input_that_the_program_does_not_want():
    assert python("print('done')", data=b"x" * 300_000).text == "done\n"


@pytest.mark.parametrize("data", [None, b"data"])
def test_program_that_hangs(data):
    with pytest.raises(Unanswered, match=r"^sleep did not answer within 0\.3 s\. Run it by hand"):
        command.run(["/bin/sleep", "30"], data=data, timeout=0.3)


def test_program_that_closes_its_output_and_hangs():
    began = time.monotonic()
    with pytest.raises(Unanswered):
        python("import os, time; os.close(1); os.close(2); time.sleep(30)", timeout=1.0)
    assert time.monotonic() - began < 25


def test_program_that_ignores_the_request_to_end(monkeypatch):
    monkeypatch.setattr(child, "GRACE", 0.3)
    began = time.monotonic()
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(30)"
    with pytest.raises(Unanswered, match="did not answer within 1 s"):
        python(code, timeout=1.0)
    assert time.monotonic() - began < 25


def test_program_that_cannot_be_killed(monkeypatch):
    pids = []

    def cannot(pid):
        pids.append(pid)
        return False

    monkeypatch.setattr(child, "end", cannot)
    with pytest.raises(Unanswered, match="and cannot be killed, so it hangs in the kernel.* Only a reboot ends it"):
        command.run(["/bin/sleep", "30"], timeout=0.1)
    os.kill(pids[0], signal.SIGKILL)
    os.waitpid(pids[0], 0)


def test_service_that_keeps_the_pipes_of_the_program_that_started_it(tmp_path):
    began = time.monotonic()
    code = "import os, time\nprint('started', flush=True)\nif os.fork() == 0:\n    os.setsid(); time.sleep(60)"
    assert python(code).text == "started\n"
    assert time.monotonic() - began < 15


def test_killed_program_did_not_hang():
    assert python("import os; os.kill(os.getpid(), {0})".format(int(signal.SIGKILL))).rc == -9


def test_signals_that_python_ignores_are_the_programs_again():
    assert command.run(["/bin/sh", "-c", "kill -PIPE $$; echo survived"]).rc == -signal.SIGPIPE


@pytest.mark.parametrize("data", [None, b"data"])
def test_program_that_cannot_be_started(tmp_path, data):
    missing = command.run(["/nonexistent/tool"], data=data)
    assert (missing.ok, missing.rc, missing.error) == (False, None, "/nonexistent/tool: No such file or directory")
    plain = tmp_path / "plain"
    plain.write_text("no program")
    assert command.run([str(plain)], data=data).error == "{0}: Permission denied".format(plain)


def test_process_that_cannot_fork(monkeypatch):
    def refused():
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(child.os, "fork", refused)
    result = command.run(["/bin/true"])
    assert (result.rc, result.error) == (None, "/bin/true: Resource temporarily unavailable")


def test_nothing_is_left_open():
    before = os.listdir("/proc/self/fd")
    command.run(["/bin/true"])
    command.run(["/bin/cat"], data=b"data")
    command.run(["/nonexistent/tool"])
    with pytest.raises(Unanswered):
        command.run(["/bin/sleep", "30"], timeout=0.1)
    assert os.listdir("/proc/self/fd") == before


def test_threads():
    code = "import sys, time; text = sys.stdin.read(); time.sleep(float(text)); print(text)"
    found = {}

    def run(number):
        found[number] = python(code, data="0.{0}".format(number % 3).encode()).text

    threads = [threading.Thread(target=run, args=(number,)) for number in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: "0.{0}\n".format(number % 3) for number in range(9)}
