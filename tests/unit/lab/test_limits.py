# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine is told to let so many hosts boot as a site has."""

from __future__ import annotations

import subprocess

import pytest
from edgelab import limits
from edgelab.errors import LabError


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    asked: list[list[str]] = []

    def run(command: list[str], check: bool) -> subprocess.CompletedProcess:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(limits, "run", run)
    monkeypatch.setattr(limits.Path, "read_text", lambda path, encoding: "128\n")
    monkeypatch.setattr(limits, "as_root", lambda command: command)
    return asked


def test_few_hosts_change_nothing(commands: list[list[str]]) -> None:
    limits.ensure(8)
    assert commands == []


@pytest.mark.parametrize(("hosts", "value"), [(9, 1024), (200, 1664)])
def test_many_hosts_raise_the_limit(commands: list[list[str]], hosts: int, value: int) -> None:
    limits.ensure(hosts)
    assert commands == [["sysctl", "-qw", f"fs.inotify.max_user_instances={value}"]]


def test_limit_that_cannot_be_raised(commands: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "run", lambda command, check: subprocess.CompletedProcess(command, 1, "", "no"))
    with pytest.raises(LabError, match="9 hosts need fs.inotify.max_user_instances to be 136, it is 128"):
        limits.ensure(9)
