# SPDX-License-Identifier: GPL-3.0-or-later
"""gpu_settings on the simulator: what is no longer wanted is as before, also where runs were killed at their calls."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
MODULE = """
import contextlib, ctypes, sys
library, folder = sys.argv[1:]
del sys.argv[1:]
ctypes.CDLL(library)
from ansible.module_utils import basic
from ansible_collections.edgesite.gpu.plugins.module_utils.boot import unit
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import changed, lock, locked_clocks
from ansible_collections.edgesite.gpu.plugins.modules import gpu_settings
from ansible_collections.edgesite.gpu.tests.integration.nvml.mig_runs import InProcess
gpu_settings.NvmlProcess = InProcess
changed.SETTINGS = folder + "/changed.json"
locked_clocks.read.__defaults__ = locked_clocks.write.__defaults__ = (folder + "/clocks.json", "/nonexistent")
gpu_settings.boot_unit = lambda *_wanted, **_more: unit.NONE
lock.held = contextlib.nullcontext
basic.AnsibleModule._log_invocation = lambda _module: None
basic._ANSIBLE_PROFILE = "legacy"
gpu_settings.main()
"""
WANTED = [
    {
        "gpus": "all",
        "persistence_mode": True,
        "ecc": False,
        "compute_mode": "exclusive_process",
        "power_limit": "300",
        "memory_clocks": {"min": 1215, "max": 1215},
        "gpu_clocks": {"min": 1110, "max": 1410},
    }
]
CALLS = 6
OURS = ("persistence", "compute_mode", "power_limit_mw", "ecc", "clocks")


@pytest.fixture
def converged(node, library):
    """Runs gpu_settings with these settings; its result, None where it was killed."""
    node.init("A100-40")

    def run(settings):
        arguments = json.dumps({"ANSIBLE_MODULE_ARGS": {"settings": settings, "persist": False}})
        done = subprocess.run(
            [sys.executable, "-c", MODULE, str(library), str(node.folder)],
            input=arguments,
            env={**node.env, "PYTHONPATH": str(ROOT / ".build" / "collections")},
            capture_output=True,
            text=True,
            check=False,
        )
        return json.loads(done.stdout) if done.returncode != -signal.SIGKILL else None

    return run


def cards(node):
    return [{key: value for key, value in gpu.items() if key in OURS} for gpu in node.show()["gpus"]]


def test_all_is_as_before(node, converged):
    before = cards(node)
    result = converged(WANTED)
    assert len(result["actions"]) == CALLS, result
    assert cards(node) != before
    gone = converged([])
    assert len(gone["actions"]) == CALLS and gone["left_behind"] == [], gone
    assert cards(node) == before and not (node.folder / "changed.json").exists()
    assert not converged([])["changed"]


@pytest.mark.parametrize("nth", range(1, CALLS + 1))
@pytest.mark.parametrize("taking_out", [False, True])
def test_all_is_as_before_where_a_run_was_killed(node, converged, nth, taking_out):
    before = cards(node)
    if taking_out:
        converged(WANTED)
    node.sim("fail", "any-change", "--kill", "--before" if nth % 2 else "--after", "--nth", nth)
    assert converged([] if taking_out else WANTED) is None
    node.sim("fail", "--clear")
    gone = converged([])
    assert not gone.get("failed") and cards(node) == before, gone
    assert not (node.folder / "changed.json").exists()
