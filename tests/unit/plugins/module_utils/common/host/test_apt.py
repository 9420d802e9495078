# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import fcntl
import os
import subprocess
import sys

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import apt, packages
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.command import Result
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.packages import Patience
from ansible_collections.edgesite.gpu.plugins.module_utils.common.unanswered import unanswered

LOCKED = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 12 (apt-get)\n"
KEEPER = """
import fcntl, sys
lock = open(sys.argv[1], "w")
fcntl.lockf(lock, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()
"""


class Programs:
    """answers: what apt's programs do, one after the other; an exception is raised."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.ran = []
        self.notes = []

    def __call__(self, argv, data=None, timeout=0.0, environment=None, heard=None):
        self.ran.append([os.path.basename(argv[0]), *argv[1:]])
        assert environment == {"DEBIAN_FRONTEND": "noninteractive"} and timeout == 60.0
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        heard(answer.stdout)
        return answer

    def apt(self, lock=5.0):
        return apt.Apt(self, self.notes.append, Patience(60.0, "package_timeout", lock, "lock_timeout"))


def good(text=""):
    return Result(0, text.encode(), "")


@pytest.fixture(autouse=True)
def unhurried(monkeypatch, tmp_path):
    monkeypatch.setattr(apt.time, "sleep", lambda _seconds: None)
    monkeypatch.setattr(apt, "LOCKS", (str(tmp_path / "lock"), str(tmp_path / "none")))


def test_lock_is_waited_for_and_who_has_it_is_shown(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", KEEPER, str(tmp_path / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as keeper:
        keeper.stdout.readline()
        programs = Programs(Result(100, b"", LOCKED), good())
        assert programs.apt().update() == ""
        assert any(f"(pid {keeper.pid}), which is changing packages" in note for note in programs.notes)
        with pytest.raises(
            EdgesiteError,
            match=rf"pid {keeper.pid}\) has been changing packages for more than 0 s.*set lock_timeout higher",
        ):
            Programs(Result(100, b"", LOCKED)).apt(lock=0.0).update()
        keeper.stdin.close()


def test_asking_who_has_a_lock_does_not_take_it(tmp_path):
    (tmp_path / "lock").touch()
    assert apt.lockers() == []
    with open(tmp_path / "lock", "w", encoding="utf-8") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_program_that_never_returns_is_told_with_the_option():
    programs = Programs(unanswered("apt-get", 60.0, killed=True))
    with pytest.raises(EdgesiteError, match="apt-get did not answer within 60 s, and was stopped") as told:
        programs.apt().install(["install", "a"])
    assert "set package_timeout higher" in told.value.fix


def test_what_it_is_at_is_shown_line_by_line():
    programs = Programs(good("Preparing to unpack a\nUnpacking a (1) ...\n"))
    programs.apt().install(["install", "a"])
    assert programs.notes == ["install packages", "install packages: Unpacking a (1) ..."]


def test_one_source_alone_has_to_answer_and_old_lists_are_no_success():
    programs = Programs(good("Hit:1 http://hub\nErr:2 http://hub ./ InRelease\n  Could not connect\n"))
    assert "Could not connect" in programs.apt().update("/etc/apt/sources.list.d/a.sources")
    assert "-oDir::Etc::SourceParts=-" in programs.ran[0] and "-oAPT::Update::Error-Mode=any" in programs.ran[0]
    programs = Programs(Result(100, b"", "W: Some index files failed\n"))
    assert programs.apt().update() == "Some index files failed"
    assert not any("SourceParts" in word for word in programs.ran[0])


def test_failure_has_the_words_of_the_program():
    full = b"dpkg: error processing archive a.deb (--unpack):\n cannot write: No space left on device\n"
    with pytest.raises(EdgesiteError, match="Cannot install packages: error processing.*No space left on device"):
        Programs(Result(100, full, "E: Sub-process failed\n")).apt().install(["install", "a"])
    with pytest.raises(
        EdgesiteError, match="Cannot hold packages: it exited with code 1 and said nothing.*apt-get check"
    ):
        Programs(Result(1, b"", "")).apt().mark("hold", ["a"])


def test_nothing_is_nothing():
    programs = Programs()
    programs.apt().mark("hold", [])
    programs.apt().remove([])
    assert programs.ran == []


def test_room_is_told_of_folders_that_are_still_to_come(tmp_path):
    found = packages.room([str(tmp_path / "not" / "there"), "/proc/self"])
    mount, free = found[str(tmp_path / "not" / "there")]
    assert os.path.ismount(mount) and free > 0
    assert found["/proc/self"][0] == "/proc"
