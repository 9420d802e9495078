# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import threading

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import lock as gpu_lock


@pytest.fixture(autouse=True)
def lock(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu_lock, "LOCK", str(tmp_path / "run" / "gpu.lock"))


def test_the_second_is_told_who_is_at_work():
    with gpu_lock.held(), pytest.raises(EdgesiteError) as refused, gpu_lock.held(seconds=0):
        pass
    assert "Process {0} has been changing".format(os.getpid()) in str(refused.value)


def test_a_first_that_has_not_said_who_it_is_is_another_run(tmp_path):
    with gpu_lock.held(), pytest.raises(EdgesiteError) as refused:
        (tmp_path / "run" / "gpu.lock").write_text("")
        with gpu_lock.held(seconds=0):
            pass
    assert str(refused.value).startswith("The process of another run has been changing")


def test_the_second_goes_on_once_the_first_is_done():
    first_is_in, order = threading.Event(), []

    def second():
        first_is_in.wait(60)
        with gpu_lock.held():
            order.append("second")

    waiting = threading.Thread(target=second)
    waiting.start()
    with gpu_lock.held():
        first_is_in.set()
        order.append("first")
    waiting.join(60)
    assert order == ["first", "second"]


def test_what_a_process_left_behind_that_died_is_no_lock():
    with pytest.raises(RuntimeError), gpu_lock.held():
        raise RuntimeError
    with gpu_lock.held(seconds=0):
        pass


def test_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(EdgesiteError, match="cannot write"), gpu_lock.held():
        pass


def test_without_the_right_to_lock_the_domain_says_what_is_missing(monkeypatch):
    def refused(*_arguments, **_options):
        raise PermissionError

    monkeypatch.setattr(os, "makedirs", refused)
    with gpu_lock.held():
        pass
