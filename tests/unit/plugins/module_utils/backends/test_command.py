# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading

from ansible_collections.edgesite.gpu.plugins.module_utils.backends import command


def test_find_looks_beyond_path(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command.find("sh") in ("/usr/bin/sh", "/bin/sh")
    assert command.find("no-such-program") is None


def test_side_by_side_in_order():
    all_run = threading.Barrier(3, timeout=10)

    def run(argv, data=None, timeout=0):
        all_run.wait()
        return command.Result(0, argv[0].encode() + data, "")

    results = command.run_together(run, ["echo "], [b"a", b"b", b"c"])
    assert [result.text for result in results] == ["echo a", "echo b", "echo c"]


def test_programs_without_a_result():
    assert command.unanswered(["/bin/tool"], 0.5) == command.Result(None, b"", "tool did not answer within 0.5 s")
    missing = command.not_started(["/bin/tool"], FileNotFoundError(2, "No such file or directory"))
    assert (missing.ok, missing.error) == (False, "/bin/tool: No such file or directory")
