# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import signal
import time

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import job


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(job, "FOLDER", str(tmp_path / "jobs"))
    return tmp_path


def until(path):
    """Work that goes on until a file is there."""

    def work(note):
        note("wait for a file")
        while not path.exists():
            time.sleep(0.01)
        return {"changed": True, "pid": os.getpid()}

    return work


def eventually(name, begun, doing):
    """Waits for what a job says that it is at."""
    while job.wait(name, begun, 0.0).doing != doing:
        time.sleep(0.01)


def test_work_goes_on_in_a_session_of_its_own_and_its_result_is_kept(folder):
    begun = job.begin("driver", until(folder / "go"))
    eventually("driver", begun, "wait for a file")
    assert job.wait("driver", begun, 0.0).result is None
    (folder / "go").touch()
    result = job.wait("driver", begun, 30.0).result
    assert result["changed"] and result["pid"] != os.getpid()
    # a link that broke while the answer was on its way asks again
    assert job.wait("driver", begun, 0.0).result == result
    assert not (folder / "jobs" / f"driver.{begun}").stat().st_mode & 0o077


def test_another_one_of_the_name_is_told_what_is_at_work(folder):
    begun = job.begin("driver", until(folder / "go"))
    eventually("driver", begun, "wait for a file")
    with pytest.raises(job.Busy) as busy:
        job.begin("driver", until(folder / "go"))
    assert (busy.value.progress.id, busy.value.progress.doing) == (begun, "wait for a file")
    other = job.begin("jetpack", lambda note: {"other": True})
    assert job.wait("jetpack", other, 30.0).result == {"other": True}
    (folder / "go").touch()
    assert job.wait("driver", begun, 30.0).result
    again = job.begin("driver", lambda note: {"again": True})
    assert job.wait("driver", again, 30.0).result == {"again": True}


def test_job_that_was_killed_is_lost_and_says_what_it_was_at(folder):
    begun = job.begin("driver", until(folder / "never"))
    eventually("driver", begun, "wait for a file")
    os.kill(job._read(job._path("driver", "progress"))["pid"], signal.SIGKILL)
    with pytest.raises(EdgesiteError, match="ended without a result, during this step: wait for a file"):
        job.wait("driver", begun, 30.0)
    assert job.wait("driver", job.begin("driver", lambda note: {}), 30.0).result == {}


def test_result_outlives_the_next_job_for_who_has_a_broken_link():
    first = job.begin("driver", lambda note: {"number": 1})
    assert job.wait("driver", first, 30.0).result
    for number in range(job._KEPT - 1):
        later = job.begin("driver", lambda note, number=number: {"number": number})
        assert job.wait("driver", later, 30.0).result
    assert job.wait("driver", first, 0.0).result == {"number": 1}


def test_note_that_cannot_be_written_ends_nothing(monkeypatch):
    write = job.owned_files.write_text

    def full(path, *arguments):
        if path.endswith(".progress"):
            raise EdgesiteError("cannot write: No space left on device")
        write(path, *arguments)

    monkeypatch.setattr(job.owned_files, "write_text", full)

    def work(note):
        note("go on")
        return {"done": True}

    assert job.wait("driver", job.begin("driver", work), 30.0).result == {"done": True}


def test_job_of_another_boot_is_lost():
    with pytest.raises(EdgesiteError, match="ended without a result.*unknown"):
        job.wait("driver", "0" * 32, 30.0)


def test_fault_in_the_work_is_its_result():
    def work(_note):
        raise KeyError("what")

    result = job.wait("driver", job.begin("driver", work), 30.0).result
    assert result["failed"] and "KeyError: 'what'. This is a bug in edgesite.gpu" in result["msg"]
    assert "Traceback" in result["exception"]


def test_nobody_but_root_can_begin_one(folder, monkeypatch):
    monkeypatch.setattr(job, "FOLDER", "/proc/none")
    with pytest.raises(EdgesiteError, match="become: true"):
        job.begin("driver", lambda note: {})


def test_no_job_begins_where_its_name_is_shut_out_nor_the_other_way_round(folder):
    with job.shut_out("driver"), pytest.raises(job.Busy):
        job.begin("driver", until(folder / "go"))
    begun = job.begin("driver", until(folder / "go"))
    eventually("driver", begun, "wait for a file")
    with pytest.raises(EdgesiteError, match="in progress on this host: wait for a file"), job.shut_out("driver", 0.0):
        raise AssertionError("a job is at work")
    (folder / "go").touch()
    assert job.wait("driver", begun, 30.0).result
