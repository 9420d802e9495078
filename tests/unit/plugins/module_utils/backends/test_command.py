# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys

from ansible_collections.edgesite.gpu.plugins.module_utils.backends import command


def python(code, **more):
    return command.run([sys.executable, "-c", code], **more)


def test_output_and_locale():
    result = python("import os; print(os.environ['LC_ALL'])")
    assert (result.ok, result.text) == (True, "C\n")


def test_failure():
    result = python("import sys; print('why', file=sys.stderr); sys.exit(3)")
    assert (result.ok, result.rc, result.error) == (False, 3, "why\n")


def test_input_is_closed():
    assert python("import sys; print(repr(sys.stdin.read()))").text == "''\n"


def test_input_is_given():
    assert python("import sys; sys.stdout.write(sys.stdin.read())", data=b"certificate").stdout == b"certificate"


def test_a_program_that_hangs():
    result = python("import time; time.sleep(30)", timeout=0.2)
    assert result.rc is None
    assert "did not answer within 0.2 s" in result.error


def test_a_program_that_is_not_there():
    result = command.run(["/nonexistent/tool"])
    assert result.rc is None
    assert "/nonexistent/tool" in result.error


def test_find_looks_beyond_path(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command.find("sh") in ("/usr/bin/sh", "/bin/sh")
    assert command.find("no-such-program") is None


def test_side_by_side_in_order():
    code = "import sys, time; text = sys.stdin.read(); time.sleep(float(text)); print(text)"
    results = command.run_together([sys.executable, "-c", code], [b"0.2", b"0", b"0.1"])
    assert [result.text for result in results] == ["0.2\n", "0\n", "0.1\n"]
