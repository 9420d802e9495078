# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host.read import read_memory, read_processes
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.nvml_errors import NvmlError

MIB = 1 << 20
VERSION_2 = 0x2000028
NO_INSTANCE = 0xFFFFFFFF


class Nvml:
    """Answers by function and the arguments behind the handle; what it has no answer for, the driver lacks."""

    def __init__(self, answers, **constants):
        self.answers = answers
        self.pynvml = SimpleNamespace(**constants)

    def get(self, function, _handle, *arguments):
        return self.answers.get((function, *arguments))

    def call(self, function, pid):
        raise NvmlError(6, "process {0} in {1}".format(pid, function))


def memory(**mib):
    return SimpleNamespace(**{name: value * MIB for name, value in mib.items()})


IDLE_1 = memory(total=15360, used=448, free=14912)
IDLE_2 = memory(total=15360, used=0, free=14912, reserved=448)
FIRST, SECOND = ("nvmlDeviceGetMemoryInfo",), ("nvmlDeviceGetMemoryInfo", VERSION_2)


def test_what_the_driver_keeps_for_itself_is_not_used():
    found = read_memory(Nvml({FIRST: IDLE_1, SECOND: IDLE_2}, nvmlMemory_v2=VERSION_2), None)
    assert found == {"total": 15360, "used": 0, "free": 14912, "reserved": 448}


@pytest.mark.parametrize(
    "nvml",
    [
        Nvml({FIRST: IDLE_1}, nvmlMemory_v2=VERSION_2),
        Nvml({FIRST: IDLE_1, SECOND: IDLE_2}),
    ],
    ids=["old driver", "old pynvml"],
)
def test_one_that_does_not_tell_what_it_keeps_counts_it_as_used(nvml):
    assert read_memory(nvml, None) == {"total": 15360, "used": 448, "free": 14912, "reserved": None}


def test_a_card_that_tells_no_memory():
    assert read_memory(Nvml({}, nvmlMemory_v2=VERSION_2), None) is None


def client(pid, gpu_instance=NO_INSTANCE, compute_instance=NO_INSTANCE):
    return SimpleNamespace(pid=pid, usedGpuMemory=MIB, gpuInstanceId=gpu_instance, computeInstanceId=compute_instance)


def kinds(compute=(), graphics=(), mps=()):
    """(pid, kind) of each process that is told of these lists."""
    answers = {
        ("nvmlDeviceGet{0}RunningProcesses".format(name),): clients
        for name, clients in (("Compute", compute), ("Graphics", graphics), ("MPSCompute", mps))
    }
    return [(process["pid"], process["kind"]) for process in read_processes(Nvml(answers), None)]


def test_a_client_of_mps_is_also_among_the_compute_clients_and_told_once():
    assert kinds(compute=[client(7), client(8)], mps=[client(8)]) == [(7, "compute"), (8, "mps")]


def test_a_process_on_two_instances_is_told_for_each():
    on_both = [client(7, 1, 0), client(7, 2, 0)]
    assert kinds(compute=on_both, mps=on_both[:1]) == [(7, "mps"), (7, "compute")]


def test_drivers_before_r510_list_their_clients_by_an_older_function():
    answers = {("nvmlDeviceGetComputeRunningProcesses_v2",): [client(7)]}
    assert [process["pid"] for process in read_processes(Nvml(answers), None)] == [7]
