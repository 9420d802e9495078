# SPDX-License-Identifier: GPL-3.0-or-later
"""After the upgrade to branch 550."""

from __future__ import annotations

import json
import os
from pathlib import Path


def test_the_driver_is_of_the_new_branch_and_loaded(trixie):
    assert trixie.package("nvidia-smi").version == "550.163.01-2"
    assert trixie.package("nvidia-kernel-dkms").version == "550.163.01-2"
    assert trixie.file("/sys/module/nvidia/version").content_string.strip() == "550.163.01"


def test_dkms_has_no_old_module_left(trixie):
    assert "535" not in trixie.check_output("/usr/sbin/dkms status")


def test_each_run_of_the_role_reached_the_host_with_one_task():
    """One that failed, one that was refused, and the upgrade with its reboot."""
    rows = json.loads(Path(os.environ["TASK_TIMES_FILE"]).read_text())
    reaching = [row["task"] for row in rows if row["reaches_host"] and "driver" in row["role"]]
    assert len(reaching) == 3 and len(set(reaching)) == 1, reaching
