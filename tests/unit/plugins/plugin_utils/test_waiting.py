# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes on on a host is waited for, also over a broken link, and after another run."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.edgesite.gpu.plugins.plugin_utils import waiting
from ansible_collections.edgesite.gpu.plugins.plugin_utils.waiting import WaitingActionBase
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.host_task import HostTask

AT_WORK = {"changed": False, "job": "1", "busy": False, "doing": "install packages", "seconds": 20}
DONE = {"changed": True, "actions": []}


@pytest.fixture
def said(monkeypatch):
    lines = []
    monkeypatch.setattr(WaitingActionBase, "say", lambda _self, text: lines.append(text))
    monkeypatch.setattr(waiting.time, "sleep", lambda _seconds: None)
    return lines


def task(*answers):
    """Answers that are exceptions are raised; asked holds what the module was given."""
    run = HostTask(WaitingActionBase, answers)
    run.asked = []
    run.action._connection.reset = lambda: run.asked.append("reset")

    def module(more):
        run.asked.append(dict(more))
        answer = run.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    run._module = module
    return run


def test_what_is_done_in_a_moment_takes_one_run(said):
    run = task(DONE)
    assert run.result() == DONE and run.asked == [{}] and said == []


def test_job_is_asked_until_it_is_done_and_each_step_is_shown_once(said):
    run = task(AT_WORK, AT_WORK, {**AT_WORK, "doing": "hold packages"}, DONE)
    assert run.result() == DONE
    assert run.asked == [{}, {"job": "1"}, {"job": "1"}, {"job": "1"}]
    assert said == ["install packages (20 s)", "hold packages (20 s)"]


def test_another_runs_job_is_waited_for_and_then_comes_the_own(said):
    other = {**AT_WORK, "job": "7", "busy": True}
    run = task(other, other, {"failed": True, "msg": "the other's failure"}, AT_WORK, DONE)
    assert run.result() == DONE
    assert run.asked == [{}, {"job": "7"}, {"job": "7"}, {}, {"job": "1"}]
    assert said[0] == "another run is in progress: install packages (20 s)"


def test_link_that_breaks_for_a_while_costs_nothing(said):
    run = task(AT_WORK, AnsibleConnectionFailure("gone"), AnsibleConnectionFailure("gone"), DONE)
    assert run.result() == DONE
    assert run.asked.count("reset") == 2 and "the work continues there" in said[1]
    assert run.action._connection._shell.tmpdir is None


def test_link_that_stays_broken_is_told(said, monkeypatch):
    monkeypatch.setattr(waiting, "LINK_SECONDS", 0.0)
    with pytest.raises(AnsibleConnectionFailure):
        task(AT_WORK, AnsibleConnectionFailure("gone")).result()


def test_first_run_that_finds_no_host_is_unreachable_at_once(said):
    with pytest.raises(AnsibleConnectionFailure):
        task(AnsibleConnectionFailure("gone")).result()
