# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools that are compared, each run as the program it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

from cases import Case
from node import sim

# The module, with its note of changes beside the node's other files, as this machine is not the node.
MODULE = """
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import changed
from ansible_collections.edgesite.gpu.plugins.modules import mig_layout
changed.MIG = {note!r}
mig_layout.main()
"""
ON_GPU_HOST = str(Path(__file__).resolve().with_name("on_gpu_host"))
LIMIT = 120


class Run(NamedTuple):
    ok: bool
    seconds: float
    message: str  # what the tool said, where it failed


class Tool(NamedTuple):
    name: str
    clients: bool  # whether clients run while it works
    apply: Callable[[Case, Path], Run]


def mig_layout(case: Case, folder: Path) -> Run:
    wanted = [{"gpus": "all", "instances": Counter(case.wanted)}]
    note = str(folder / "mig-changed.json")
    done, seconds = _module(["-c", MODULE.format(note=note)], {"layouts": wanted, "persist": False})
    try:
        message = json.loads(done.stdout).get("msg", "")
    except ValueError:
        message = last_line(done.stdout)
    return Run(done.returncode == 0, seconds, message)


def start_of_ansible() -> float:
    """What any module takes, in seconds."""
    return _module(["-m", "ansible.modules.ping"], {})[1]


def _module(program: List[str], options: Dict[str, Any]) -> Tuple[subprocess.CompletedProcess, float]:
    arguments = json.dumps({"ANSIBLE_MODULE_ARGS": options})
    begun = time.time()
    done = _run([sys.executable, *program], arguments)
    return done, time.time() - begun


def mig_parted(case: Case, folder: Path) -> Run:
    """Its order of attempts follows that of a Go map, so the number of its calls differs a little from run to run."""
    # It finds GPUs in /sys and the driver in /proc, so it needs a node's files there, with the addresses NVML reports.
    root = folder / "host"
    sim("sysfs", "--root", str(root))
    layout = [{"devices": "all", "mig-enabled": True, "mig-devices": Counter(case.wanted)}]
    config = folder / "config.yaml"
    config.write_text(json.dumps({"version": "v1", "mig-configs": {"wanted": layout}}))
    command = [os.environ["MIG_PARTED"], "apply", "-f", str(config), "-c", "wanted"]
    done = _run(["unshare", "--mount", ON_GPU_HOST, str(root), *command])
    seconds = time.time() - float((root / "ready").read_text())
    return Run(done.returncode == 0, seconds, last_line(done.stdout) if done.returncode else "")


def last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


def _run(command: List[str], given: str = "") -> subprocess.CompletedProcess:
    try:
        return subprocess.run(
            command,
            input=given,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=LIMIT,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, f"killed: not done after {LIMIT} seconds")


TOOLS = (
    Tool("edgesite.gpu mig_layout", True, mig_layout),
    Tool("nvidia-mig-parted", True, mig_parted),
    # what its users have to do
    Tool("nvidia-mig-parted, clients stopped", False, mig_parted),
)
