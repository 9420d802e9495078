# SPDX-License-Identifier: GPL-3.0-or-later
"""A driver that does not answer: in user space, where its process can be killed, and in the kernel, where it cannot."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import command
from ansible_collections.edgesite.gpu.plugins.module_utils.common.unanswered import Unanswered

HANGING_FILE = Path(__file__).resolve().parents[2] / "lab" / "nvml" / "hanging_file.py"
COLLECTIONS = next(path for path in sys.path if path.endswith(".build/collections"))
# Sets a power limit as gpu_settings does; tells the pid of NVML's process, and how it ended.
RUN = """
import contextlib, json, os
from ansible_collections.edgesite.gpu.plugins.module_utils.boot import unit
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.converge import ApplyError, converge
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import lock, locked_clocks, process
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host.process import NvmlProcess
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host.settings_domain import SettingsDomain

lock.held, locked_clocks.read = contextlib.nullcontext, dict
process.NOTE = os.environ["NVMLSIM_STATE"] + ".note"

def pid(_nvml):
    return os.getpid()

result = {}
try:
    with NvmlProcess(seconds=1.0) as nvml:
        result["pid"] = nvml.ask(pid)
        wanted = [{"gpus": "all", "power_limit": 60}]
        result["actions"] = len(converge(SettingsDomain(None, nvml, wanted, unit.NONE), check=False).actions)
except EdgesiteError as error:
    result.update(error=str(error), status=getattr(error.__cause__ or error, "status", None))
print(json.dumps(result))
"""


@pytest.fixture
def run(node, tmp_path):
    """Runs it on the node; gives what it tells, once nobody holds its output any longer."""
    script = tmp_path / "run.py"
    script.write_text(RUN)
    node.init("T4")

    def run_it():
        done = subprocess.run(
            [sys.executable, str(script)],
            env={**node.env, "PYTHONPATH": COLLECTIONS},
            stdin=subprocess.PIPE,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run_it


@pytest.fixture
def hanging(tmp_path):
    """A file whose readers hang in the kernel until the test ends."""
    folder = tmp_path / "mounted"
    with subprocess.Popen(
        [sys.executable, str(HANGING_FILE), str(folder)], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout.readline() == "mounted\n"
        yield folder / "hangs"
        server.terminate()


def state(pid):
    """What the kernel says of a process: D where it cannot be killed; None where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return None


def test_driver_that_answers(run, node):
    assert run()["actions"] == 1
    assert node.gpu()["power_limit_mw"] == 60000
    assert run()["actions"] == 0


@pytest.mark.parametrize("function", ["nvmlInitWithFlags", "nvmlDeviceGetName", "nvmlDeviceSetPowerManagementLimit"])
def test_call_that_never_returns(run, node, function):
    node.sim("fail", function, "--hang", "--every")
    result = run()
    assert result["status"] == "not_answering" and "The NVIDIA driver does not answer: nvml" in result["error"]
    assert "reboot the host" in result["error"]
    assert state(result.get("pid")) is None
    node.sim("fail", "--clear")
    assert run()["actions"] == 1


def test_call_that_hangs_in_the_kernel(run, node, hanging):
    node.sim("fail", "nvmlDeviceSetPowerManagementLimit", f"--hang={hanging}")
    result = run()
    assert state(result["pid"]) == "D"
    assert (
        "hangs in the kernel" in result["error"]
        and "may still be done, wholly or partly: set power_limit" in result["error"]
    )
    node.sim("fail", "--clear")
    assert run()["actions"] == 1


def test_effect_of_a_call_that_does_not_return_is_seen_by_the_next_run(run, node):
    node.sim("fail", "nvmlDeviceSetPowerManagementLimit", "--hang", "--after")
    assert run()["status"] == "not_answering"
    assert run()["actions"] == 0


def test_library_that_crashes(run, node):
    node.sim("fail", "nvmlDeviceSetPowerManagementLimit", "--kill")
    result = run()
    assert result["status"] == "crashed" and "nvmlDeviceSetPowerManagementLimit" in result["error"]
    assert run()["actions"] == 1


def test_program_that_hangs_in_the_kernel(hanging):
    began = time.monotonic()
    with pytest.raises(Unanswered, match="cat did not answer within 0.5 s, and cannot be killed") as raised:
        command.run(["/bin/cat", str(hanging)], timeout=0.5)
    assert time.monotonic() - began < 30
    assert "reboot" in raised.value.fix


def test_program_whose_file_hangs_in_the_kernel(hanging):
    # The kernel reads it before it starts: the child is still this program then.
    with pytest.raises(Unanswered, match="hangs did not answer within 0.5 s"):
        command.run([str(hanging)], timeout=0.5)


def test_orders_to_hang_are_listed_and_checked(node):
    node.init("T4")
    node.sim("fail", "nvmlDeviceGetName", "--hang")
    node.sim("fail", "any-change", "--hang=/some/file", "--after", "--every")
    assert node.sim("fail", "--list").splitlines() == [
        "nvmlDeviceGetName hang before nth=1 seen=0",
        "any-change hang after in /some/file every seen=0",
    ]
    assert "say what happens" in node.raw("fail", "any-change", "--hang", "--kill").stderr
    assert "more than 255 characters" in node.raw("fail", "any-change", "--hang=" + "x" * 300).stderr
