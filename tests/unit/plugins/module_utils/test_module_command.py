# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real programs, run by the real AnsibleModule.run_command."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.edgesite.gpu.plugins.module_utils.backends import command


@pytest.fixture
def python(module_run):
    def run_python(code, **more):
        return module_run([sys.executable, "-c", code], **more)

    return run_python


def test_output_and_locale(python):
    result = python("import os; print(os.environ['LC_ALL'], '$HOME ~')")
    assert (result.ok, result.text) == (True, "C $HOME ~\n")


def test_bytes_go_both_ways_unchanged(python):
    code = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"
    assert python(code, data=b"\x00\xffcertificate\r").stdout == b"\x00\xffcertificate\r"


def test_failure_and_its_message(python):
    result = python("import sys; print('why', file=sys.stderr); sys.exit(3)")
    assert (result.ok, result.rc, result.error) == (False, 3, "why\n")


@pytest.mark.parametrize("data", [None, b""])
def test_no_data_is_an_empty_input(python, data):
    reader, writer = os.pipe()
    kept = os.dup(0)
    # an input of the module that never ends, as a terminal's
    os.dup2(reader, 0)
    try:
        assert python("import sys; print(repr(sys.stdin.read()))", data=data, timeout=5.0).text == "''\n"
    finally:
        os.dup2(kept, 0)
        for descriptor in (reader, writer, kept):
            os.close(descriptor)


@pytest.mark.parametrize("data", [None, b"data"])
def test_program_that_hangs(module_run, data):
    result = module_run(["/bin/sleep", "30"], data=data, timeout=0.3)
    assert (result.rc, result.error) == (None, "sleep did not answer within 0.3 s")


def test_program_that_ignores_the_request_to_end(python):
    began = time.monotonic()
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(30)"
    result = python(code, timeout=1.0)
    assert result.rc is None
    assert result.error.endswith("did not answer within 1 s")
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("rc", [124, 137])
def test_program_with_the_code_of_a_time_limit_did_answer(python, rc):
    assert python("import sys; sys.exit({0})".format(rc)).rc == rc


def test_killed_program_did_not_hang(python):
    result = python("import os; os.kill(os.getpid(), {0})".format(int(signal.SIGKILL)))
    assert result.rc in (-9, 137)


@pytest.mark.parametrize("data", [None, b"data"])
def test_program_that_cannot_be_started(module_run, tmp_path, data):
    assert module_run(["/nonexistent/tool"]).rc is None
    assert "/nonexistent/tool" in module_run(["/nonexistent/tool"]).error
    plain = tmp_path / "plain"
    plain.write_text("no program")
    assert "plain" in module_run([str(plain)], data=data).error


def test_module_that_cannot_run_anything(module_run, monkeypatch):
    def refused(*args, **more):
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(AnsibleModule, "run_command", refused)
    result = module_run(["/bin/true"])
    assert (result.rc, result.error) == (None, "/bin/true: Resource temporarily unavailable")


def test_threads(module_run):
    code = "import sys, time; text = sys.stdin.read(); time.sleep(float(text)); print(text)"
    waits = [b"0.2", b"0", b"0.1"] * 4
    results = command.run_together(module_run, [sys.executable, "-c", code], waits)
    assert [result.stdout.strip() for result in results] == waits


def test_data_is_not_logged(module_run, monkeypatch):
    logged = []
    monkeypatch.setattr(AnsibleModule, "log", lambda self, message, log_args=None: logged.append(message))
    module_run(["/bin/cat"], data=b"certificate")
    module_run(["/nonexistent/tool"], data=b"certificate")
    assert "certificate" not in repr(logged)
