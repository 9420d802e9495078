# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparison with nvidia-smi that `make test-gpu` makes on real cards, here on the simulator."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from ansible_collections.edgesite.gpu.tests.integration.nvml.smi_compare import JUMPS, agree, compared
from ansible_collections.edgesite.gpu.tests.integration.nvml.smi_fields import FIELDS, LEFT_OUT
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT

RUNNER = ROOT / "extensions" / "molecule" / "gpu_runner" / "tests" / "test_card.py"


@pytest.fixture(name="busy")
def fixture_busy(node):
    node.init("A100-40", "T4", "H100-80")
    assert node.smi("-i", 0, "-mig", 1).returncode == 0 == node.smi("mig", "-i", 0, "-cgi", "9,14", "-C").returncode
    node.client(1, "--memory", 1000, "--util", 80, name="inference")
    return node


def runner(node, folder):
    """The tests of gpu_runner, as molecule runs them after its playbook."""
    (folder / "gpu_info.json").write_text(json.dumps(node.gpu_info()))
    env = {
        **node.env,
        "MOLECULE_EPHEMERAL_DIRECTORY": str(folder),
        "PYTHONPATH": str(ROOT / ".build" / "collections"),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(RUNNER)]
    return subprocess.run([*command, "-k", "nvidia_smi"], env=env, text=True, capture_output=True, check=False)


def test_runner_compares_its_cards_with_nvidia_smi(busy, tmp_path):
    done = runner(busy, tmp_path)
    assert done.returncode == 0, done.stdout
    fields = len(FIELDS) - len(JUMPS)
    assert f"{3 * fields} fields of 3 cards are as nvidia-smi has them" in done.stdout
    assert not JUMPS.keys() - FIELDS.keys() and not JUMPS.keys() & LEFT_OUT.keys()


def test_runner_fails_where_a_card_is_not_what_gpu_info_said(busy, tmp_path):
    told = busy.gpu_info()
    told["gpus"][1]["serial"] = "1234"
    told["gpus"][2]["power_w"]["limit"] = 1
    busy.gpu_info = lambda: told
    done = runner(busy, tmp_path)
    assert done.returncode == 1 and "serial: gpu_info 1234, nvidia-smi" in done.stdout


def test_what_moves_may_move(busy):
    before, gpus, after = busy.gpu_info()["gpus"], busy.smi_gpus(), busy.gpu_info()["gpus"]
    before[1]["temperature_c"], before[1]["clocks_mhz"]["graphics"] = before[1]["temperature_c"] - 3, 1
    before[1]["processes"] = []
    assert compared(before[1], gpus[1], after[1]).different == []
    before[1]["name"] = after[1]["name"] = "NVIDIA T5"
    assert compared(before[1], gpus[1], after[1]).different == [
        "name: gpu_info NVIDIA T5, nvidia-smi Tesla T4, gpu_info again NVIDIA T5"
    ]


def test_field_that_a_release_names_otherwise_is_listed(busy):
    told, gpu = busy.gpu_info()["gpus"][1], busy.smi_gpus()[1]
    gpu.remove(gpu.find("compute_mode"))
    found = compared(told, gpu, told)
    assert (found.unread, found.different) == (["compute_mode"], [])


@pytest.mark.parametrize(
    ("field", "shown", "before", "after", "expected"),
    [
        ("memory_mib.used", 1060.0, 1000, 1000, True),
        ("memory_mib.used", 1100.0, 1000, 1000, False),
        ("memory_mib.used", 1500.0, 1000, 2000, True),
        ("power_w.limit", 70.0, 70.004, 70.004, True),
        ("power_w.limit", 70.0, 65, 65, False),
        ("temperature_c", 40.0, None, None, False),
        ("name", "T4", "T4", "T5", False),
        ("power_w.limit", 70.0, 65, 70, False),
        ("processes[].pid", [7.0], [], [7], True),
        ("processes[].pid", [7.0], [], [8], False),
    ],
)
def test_how_far_values_may_differ(field, shown, before, after, expected):
    assert agree(field, shown, before, after) is expected
