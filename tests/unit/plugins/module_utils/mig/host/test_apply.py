# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulator cannot show: processes that do not end when asked, and those on other files of the driver."""

from __future__ import annotations

import signal

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.clients import Client
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.selectors import GpuId
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.actions import EndClient, SetMode
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.drm import Drm
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.host import apply
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.in_use import Kernel

GPU = GpuId(0, "GPU-0", "0000:17:00.0", "NVIDIA A100-SXM4-40GB")
CLIENT = Client(4711, "trainer", 2, 0)


class Process:
    """Stands in for a process on the card, and for time; ends_at: the signal that ends it."""

    def __init__(self, monkeypatch, ends_at):
        self.ends_at, self.there, self.now, self.signals = ends_at, True, 0.0, []
        monkeypatch.setattr(apply, "read_clients", lambda nvml, handle: (CLIENT,) if self.there else ())
        monkeypatch.setattr(apply.os, "kill", self.kill)
        monkeypatch.setattr(apply.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(apply.time, "sleep", self.sleep)

    def kill(self, pid, number):
        assert pid == CLIENT.pid
        self.signals.append((number, self.now))

    def sleep(self, seconds):
        self.now += seconds
        self.there = not any(number == self.ends_at for number, _when in self.signals)

    def handle(self, index):
        return index


def test_process_is_asked_first(monkeypatch):
    process = Process(monkeypatch, signal.SIGTERM)
    apply.apply(process, EndClient(GPU, CLIENT))
    assert process.signals == [(signal.SIGTERM, 0.0)]


def test_process_that_does_not_listen_is_killed_after_ten_seconds(monkeypatch):
    process = Process(monkeypatch, signal.SIGKILL)
    apply.apply(process, EndClient(GPU, CLIENT))
    (first, _at), (second, when) = process.signals
    assert (first, second) == (signal.SIGTERM, signal.SIGKILL) and when >= 10.0


def test_process_that_cannot_be_killed_is_named(monkeypatch):
    process = Process(monkeypatch, None)
    with pytest.raises(EdgesiteError, match=r"trainer \(pid 4711\) does not exit. Run 'ps -o stat,wchan -p 4711' on"):
        apply.apply(process, EndClient(GPU, CLIENT))


def test_process_that_ended_by_itself_is_left_alone(monkeypatch):
    process = Process(monkeypatch, signal.SIGTERM)
    process.there = False
    apply.apply(process, EndClient(GPU, CLIENT))
    assert process.signals == []


class Busy:
    """NVML, for which the card is in use."""

    def handle(self, index):
        return index

    def call(self, function, *_arguments):
        return 19

    def get(self, function, _handle):
        return 3


def test_all_who_may_hold_a_card_are_named_once(monkeypatch):
    watcher, display = Client(9, "exporter"), Client(7, "Xorg")
    monkeypatch.setattr(apply, "read_clients", lambda nvml, handle: (CLIENT, CLIENT))
    monkeypatch.setattr(apply.device_files, "holders", lambda minor: [display, watcher, CLIENT] if minor == 3 else [])
    monkeypatch.setattr(apply.device_files, "holders_of", {"/dev/nvidia-modeset": [display]}.get)
    held = Drm(True, parameters=("modeset=Y",), driver="550.163.01")
    monkeypatch.setattr(apply.drm, "kernel", lambda: Kernel(held, ()))
    with pytest.raises(EdgesiteError) as failed:
        apply.apply(Busy(), SetMode(GPU, True, False))
    assert ": trainer (pid 4711), Xorg (pid 7), exporter (pid 9), the kernel module nvidia_drm" in (
        failed.value.problem
    )
    assert [holder["pid"] for holder in failed.value.details["holders"]] == [4711, 4711, 7, 9, None]
