# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import systemctl
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.command import Result


class Answers:
    """Stands in for the program; ran: what it was asked."""

    def __init__(self, rc=0, text="", error=""):
        self.answer, self.ran = Result(rc, text.encode(), error), []

    def __call__(self, argv, data=None, timeout=0.0):
        self.ran.append(list(argv[1:]))
        return self.answer


def test_a_change_is_asked_for():
    run = Answers()
    systemctl.do(run, "start", "a.service", options=["--no-block"])
    systemctl.do(run, "daemon-reload")
    assert run.ran == [["start", "--no-block", "a.service"], ["daemon-reload"]]


@pytest.mark.parametrize(
    ("answer", "units", "problem", "fix"),
    [
        (
            Answers(1, "", "Job failed.\n"),
            ["a.service"],
            "systemctl stop a.service: Job failed.",
            "journalctl -u a.service",
        ),
        (Answers(4), ["a.service", "b.service"], "it exited with code 4", "journalctl -u a.service -u b.service"),
        (Answers(1, "told", ""), [], "systemctl stop: told", "journalctl -b"),
        (Answers(None, "", "No such file"), ["a.service"], "No such file", "Check that systemd is running"),
    ],
)
def test_what_fails_says_where_to_look(answer, units, problem, fix):
    with pytest.raises(EdgesiteError) as caught:
        systemctl.do(answer, "stop", *units)
    assert problem in caught.value.problem and fix in caught.value.fix
    with pytest.raises(EdgesiteError) as caught:
        systemctl.do(answer, "stop", *units, fix="Do that")
    assert (caught.value.fix == "Do that") == (answer.answer.rc is not None)


def test_what_runs():
    run = Answers(3, "active\ninactive\nactivating\nfailed\n")
    assert systemctl.active(run, ["a", "b", "c", "d"]) == ["a", "c"]
    assert systemctl.active(Answers(None), ["a"]) == []
    assert systemctl.active(run, []) == [] and len(run.ran) == 1
    assert systemctl.failed(Answers(0), "a") and not systemctl.failed(Answers(1), "a")


def test_properties():
    run = Answers(0, "Id=a.service\nEnvironment=x=1\n\nId=b.service\nEnvironment=\n")
    found = systemctl.show(run, ["Id", "Environment"], ["a.service", "b.service"])
    assert found == [{"Id": "a.service", "Environment": "x=1"}, {"Id": "b.service", "Environment": ""}]
    assert systemctl.show(Answers(0, "Version=252\n"), ["Version"], []) == [{"Version": "252"}]
    for answer in (Answers(1, "", "Failed to connect to bus"), Answers(0, "Id=a.service\n")):
        with pytest.raises(EdgesiteError, match="systemctl show failed"):
            systemctl.show(answer, ["Id"], ["a.service", "b.service"])
