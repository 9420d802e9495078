# SPDX-License-Identifier: GPL-3.0-or-later
"""What pins a card: a process that holds its device file open, client or not, and the kernel module nvidia_drm."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys

import pytest

SET_MODE = (
    "h = nvmlDeviceGetHandleByIndex({gpu})\n"
    "print(json.dumps([nvmlDeviceSetMigMode(h, {mode}), list(nvmlDeviceGetMigMode(h))]))"
)
NVML_SUCCESS, NVML_ERROR_IN_USE = 0, 19


@contextlib.contextmanager
def held_open(path):
    """A process that has the file open while the block runs."""
    code = "import sys; file = open(sys.argv[1]); print(); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        holder.stdout.readline()
        yield holder.pid


@pytest.fixture
def devices(node):
    node.init("A100-80:2", "H100-80")
    for minor in range(3):
        (node.folder / f"nvidia{minor}").touch()
    return node


def set_mode(node, gpu, mode):
    return node.nvml(SET_MODE.format(gpu=gpu, mode=mode))


def test_a_pinned_ampere_card_gets_its_mode_once_it_is_let_go(devices):
    with held_open(devices.folder / "nvidia0"):
        assert set_mode(devices, 0, 1) == [NVML_ERROR_IN_USE, [0, 1]]
        assert set_mode(devices, 1, 1) == [NVML_SUCCESS, [1, 1]]
    assert devices.gpu(0)["mig"]["current"] == 0
    assert set_mode(devices, 0, 1) == [NVML_SUCCESS, [1, 1]]


def test_a_card_that_needs_no_reset_is_not_pinned(devices):
    with held_open(devices.folder / "nvidia2"):
        assert set_mode(devices, 2, 1) == [NVML_SUCCESS, [1, 1]]


def test_who_asks_does_not_pin_the_card(devices):
    own = f"file = open({str(devices.folder / 'nvidia0')!r})\n"
    assert devices.nvml(own + SET_MODE.format(gpu=0, mode=1)) == [NVML_SUCCESS, [1, 1]]


def test_a_reset_makes_a_pending_mode_active(devices):
    with held_open(devices.folder / "nvidia0"):
        set_mode(devices, 0, 1)
    devices.sim("reset", "--gpu", 0)
    assert devices.gpu(0)["mig"]["current"] == 1


def test_what_was_asked_for_last_counts_and_going_back_needs_no_reset(devices):
    with held_open(devices.folder / "nvidia0"):
        assert set_mode(devices, 0, 1) == [NVML_ERROR_IN_USE, [0, 1]]
        assert set_mode(devices, 0, 0) == [NVML_SUCCESS, [0, 0]]


def test_a_holder_is_no_client_of_the_card(devices):
    with held_open(devices.folder / "nvidia0"):
        assert (
            devices.nvml("print(json.dumps(len(nvmlDeviceGetComputeRunningProcesses(nvmlDeviceGetHandleByIndex(0)))))")
            == 0
        )


@pytest.mark.parametrize("gpu", [0, 2])
def test_no_reset_of_a_pinned_card_of_any_model(devices, gpu):
    with held_open(devices.folder / f"nvidia{gpu}") as pid:
        refused = devices.raw("reset", "--gpu", gpu)
        assert refused.returncode == 1
        assert refused.stderr == f"nvmlsim reset: GPU {gpu} is held open by process {pid} (NVML_ERROR_IN_USE)\n"
        assert devices.raw("reset").returncode == 1
        devices.sim("reset", "--gpu", 1)
    devices.sim("reset")


def test_another_file_of_that_name_is_not_the_card(devices):
    """As the device files of other hosts are not, whose processes can be seen from here."""
    other = devices.folder / "other"
    other.mkdir()
    (other / "nvidia0").touch()
    with held_open(other / "nvidia0"):
        assert set_mode(devices, 0, 1) == [NVML_SUCCESS, [1, 1]]


def with_drm(node, modeset="Y"):
    parameters = node.folder / "sys/module/nvidia_drm/parameters"
    parameters.mkdir(parents=True, exist_ok=True)
    (parameters / "modeset").write_text(modeset + "\n")


def test_nvidia_drm_pins_ampere_cards_until_it_is_unloaded(devices):
    with_drm(devices)
    assert set_mode(devices, 0, 1) == [NVML_ERROR_IN_USE, [0, 1]]
    assert set_mode(devices, 2, 1) == [NVML_SUCCESS, [1, 1]]
    refused = devices.raw("reset", "--gpu", 2)
    assert refused.stderr == ("nvmlsim reset: GPU 2 is held open by the kernel module nvidia_drm (NVML_ERROR_IN_USE)\n")
    shutil.rmtree(devices.folder / "sys")
    assert set_mode(devices, 0, 1) == [NVML_SUCCESS, [1, 1]]
    devices.sim("reset")


def test_nvidia_drm_pins_nothing_without_modeset_or_from_branch_595_on(devices):
    with_drm(devices, modeset="N")
    assert set_mode(devices, 0, 1) == [NVML_SUCCESS, [1, 1]]
    devices.init("A100-80", driver="595.45.04")
    with_drm(devices)
    assert set_mode(devices, 0, 1) == [NVML_SUCCESS, [1, 1]]
