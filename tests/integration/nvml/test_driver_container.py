# SPDX-License-Identifier: GPL-3.0-or-later
"""NVML of a driver container, where the host has none of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
ASKED = """
import sys
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import driver_container
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host.nvml import Nvml
driver_container.ROOT = sys.argv[1] + driver_container.ROOT
with Nvml() as nvml:
    print(nvml.count())
"""


def test_library_of_the_container_is_found_by_its_name(node, library, tmp_path):
    node.init("A100-40", "T4")
    place = tmp_path / "run/nvidia/driver/usr/lib64"
    place.mkdir(parents=True)
    (place / "libnvidia-ml.so.1").symlink_to(library)
    env = {**node.env, "PYTHONPATH": str(ROOT / ".build" / "collections"), "LD_LIBRARY_PATH": ""}
    run = [sys.executable, "-c", ASKED, str(tmp_path)]
    assert subprocess.run(run, env=env, capture_output=True, text=True, check=True).stdout == "2\n"
