# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common import effects as words
from ansible_collections.edgesite.gpu.plugins.module_utils.common.effects import (
    EnableUnit,
    Link,
    MaskUnit,
    ReadUnits,
    RenewUnit,
    RunUnit,
    WriteFile,
)
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import effects
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.command import Result


@pytest.fixture
def ran():
    return []


@pytest.fixture
def run(ran):
    def run_it(argv, data=None, timeout=0.0):
        ran.append(list(argv[1:]))
        return Result(0, b"", "")

    return run_it


def test_a_file_and_back(tmp_path, run, ran):
    path = tmp_path / "folder" / "file"
    made = WriteFile(str(path), "#!/bin/sh\n", None, 0o755)
    effects.apply(run, made)
    assert path.read_text() == "#!/bin/sh\n" and path.stat().st_mode & 0o777 == 0o755
    effects.apply(run, words.undo(made))
    assert not path.exists() and ran == []


def test_systemd_takes_notice_of_its_files(tmp_path, run, ran, monkeypatch):
    monkeypatch.setattr(words, "UNITS", str(tmp_path))
    made = WriteFile(str(tmp_path / "a.service.d" / "b.conf"), "[Unit]\n", None)
    for effect in (made, words.undo(made), ReadUnits()):
        effects.apply(run, effect)
    assert ran == [["daemon-reload"]] * 3


def test_a_link_and_back(tmp_path, run):
    path = tmp_path / "current"
    effects.apply(run, Link(str(path), "a", None))
    turned = Link(str(path), "b", "a")
    effects.apply(run, turned)
    assert os.readlink(path) == "b"
    effects.apply(run, words.undo(turned))
    assert os.readlink(path) == "a"


@pytest.mark.parametrize(
    "effect, verb, back",
    [
        (EnableUnit("a.service", True), "enable", "disable"),
        (MaskUnit("a.service", True), "mask", "unmask"),
        (RunUnit("a.service", True), "start", "stop"),
        (RenewUnit("a.service", "try-restart"), "try-restart", "try-restart"),
    ],
)
def test_a_unit_and_back(run, ran, effect, verb, back):
    for one in (effect, words.undo(effect)):
        effects.apply(run, one)
    assert ran == [[verb, "a.service"], [back, "a.service"]]
