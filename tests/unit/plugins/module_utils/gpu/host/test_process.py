# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pynvml whose calls hang or crash, as they do with a driver in trouble."""

from __future__ import annotations

import contextlib
import sys
import time

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.boot import unit
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import child
from ansible_collections.edgesite.gpu.plugins.module_utils.converge import ApplyError, converge
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import changed, facts, lock, locked_clocks, settings
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import process as nvml_process
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host.process import NvmlProcess
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host.settings_domain import SettingsDomain
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.nvml_errors import NvmlError
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.selectors import GpuId
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.settings import Change

PYNVML = """
import os, time


class c_nvmlProcessInfo_v2_t:
    pass


class c_nvmlGpuInstanceProfileInfo_v2_t:
    pass


class NVMLError(Exception):
    def __init__(self, value):
        self.value = value


def nvmlInit():
    {init}


def nvmlShutdown():
    pass


def nvmlDeviceGetCount():
    {count}


def nvmlDeviceGetHandleByIndex(index):
    return object()


def nvmlDeviceSetPersistenceMode(handle, value):
    {set}
"""
HANG = "while True: time.sleep(60)"
# What answers at all does so in less, on a busy machine too.
SECONDS = 2.0


@pytest.fixture
def nvml(tmp_path, monkeypatch):
    """NVML's process with a pynvml in which these functions do that."""
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)
    monkeypatch.setattr(nvml_process, "NOTE", str(tmp_path / "run/driver-does-not-answer"))
    made = []

    def process(init="pass", count="return 0", set="pass"):
        (tmp_path / "pynvml.py").write_text(PYNVML.format(init=init, count=count, set=set))
        made.append(NvmlProcess(str(tmp_path), SECONDS))
        return made[-1]

    yield process
    for one in made:
        one.close()


def count(nvml):
    return nvml.count()


def test_nothing_of_it_is_in_this_process(nvml):
    with nvml(count="return 3") as process:
        assert process.ask(count) == 3
    assert "pynvml" not in sys.modules


@pytest.mark.parametrize(("where", "call"), [("init", "nvmlInit"), ("count", "nvmlDeviceGetCount")])
def test_call_that_never_returns(nvml, where, call):
    began = time.monotonic()
    found = facts.read(nvml(**{where: HANG}))
    assert time.monotonic() - began < 30
    (entry,) = found["unread"]
    assert entry["why"] == "The NVIDIA driver does not answer: {0} has not returned within 2 s".format(call)
    assert "nvidia-smi" in entry["fix"] and "Xid" in entry["fix"] and "reboot" in entry["fix"]
    assert found["driver"] == {"nvml_status": "not_answering"} and found["gpus"] == []


def test_call_that_hangs_in_the_kernel(nvml, monkeypatch):
    process = nvml(count=HANG)
    process.open()
    monkeypatch.setattr(child, "GRACE_WHEN_KILLED", 0.1)
    with monkeypatch.context() as nobody_dies:
        nobody_dies.setattr(child.os, "killpg", lambda _pid, _number: None)
        with pytest.raises(NvmlError, match="hangs in the kernel") as raised:
            process.ask(count)
    assert raised.value.status == "not_answering"
    child.end(process._worker._process.pid)


def test_next_module_of_the_run_does_not_wait_as_long(nvml, monkeypatch):
    monkeypatch.setattr(nvml_process, "SECONDS_AGAIN", 1.0)
    for limit in ("2", "1", "1"):
        (entry,) = facts.read(nvml(count=HANG))["unread"]
        assert entry["why"].endswith("has not returned within {0} s".format(limit))
    # it answers again, so the next time it is given its time
    with pytest.raises(SystemExit), nvml() as process:
        assert process.ask(count) == 0
        # as modules end
        raise SystemExit
    assert "within 2 s" in facts.read(nvml(count=HANG))["unread"][0]["why"]


def test_change_gets_its_whole_time_once_the_driver_answers(nvml, monkeypatch):
    monkeypatch.setattr(nvml_process, "SECONDS_AGAIN", 1.0)
    facts.read(nvml(count=HANG))
    with nvml(set=HANG) as process, pytest.raises(NvmlError, match="within 2 s"):
        assert process.ask(count) == 0
        process.ask(settings.apply, Domain.CHANGE)


def test_driver_that_only_opens_gets_no_more_time(nvml, monkeypatch):
    monkeypatch.setattr(nvml_process, "SECONDS_AGAIN", 1.0)
    facts.read(nvml(count=HANG))
    process = nvml(count=HANG)
    process.open()
    with pytest.raises(NvmlError, match="within 1 s"):
        process.ask(count)


def test_driver_that_hung_long_ago_is_given_its_time(nvml, monkeypatch):
    monkeypatch.setattr(nvml_process, "_NOTED_SECONDS", 0.0)
    for _time in range(2):
        assert "within 2 s" in facts.read(nvml(count=HANG))["unread"][0]["why"]


def test_user_who_cannot_note_it(nvml, monkeypatch, tmp_path):
    (tmp_path / "run").write_text("no folder")
    assert "within 2 s" in facts.read(nvml(count=HANG))["unread"][0]["why"]


def test_library_that_crashes(nvml):
    with nvml(count="os.kill(os.getpid(), 11)") as process, pytest.raises(NvmlError) as raised:
        process.ask(count)
    assert "was killed by signal 11 in nvmlDeviceGetCount" in raised.value.problem
    assert raised.value.status == "crashed"


def test_library_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with pytest.raises(NvmlError) as raised, NvmlProcess(str(tmp_path)):
        pass
    assert raised.value.status == "library_not_found"


class Domain(SettingsDomain):
    """One GPU, whose persistence mode is switched on."""

    CHANGE = Change(GpuId(0, "GPU-0", "0000:01:00.0", "NVIDIA T4"), "persistence_mode", True, False)

    def observe(self):
        self.nvml.ask(count)
        return ()

    def plan(self, state):
        return [self.CHANGE]

    def ready(self, actions):
        pass

    def render(self, state):
        return {}


def test_setting_that_hangs_is_told_as_perhaps_done(nvml, monkeypatch, tmp_path):
    monkeypatch.setattr(changed, "SETTINGS", str(tmp_path / "changed.json"))
    monkeypatch.setattr(lock, "held", contextlib.nullcontext)
    monkeypatch.setattr(locked_clocks, "read", dict)
    began = time.monotonic()
    with nvml(set=HANG) as process, pytest.raises(ApplyError) as failed:
        converge(Domain(None, process, [], unit.NONE), check=False)
    # taking it back is not tried: it would take as long
    assert time.monotonic() - began < 30
    assert not failed.value.undone
    does = "set persistence_mode of GPU 0 NVIDIA T4 (GPU-0, 0000:01:00.0) from false to true"
    assert failed.value.problem == (
        "'{0}' failed: The NVIDIA driver does not answer: nvmlDeviceSetPersistenceMode has not returned within 2 s. "
        "The state of the host can no longer be read, so this may still be done, wholly or partly: {0}.".format(does)
    )
    assert "reboot" in failed.value.fix
    assert changed.read(changed.SETTINGS)["GPU-0"]["persistence_mode"].before is False
