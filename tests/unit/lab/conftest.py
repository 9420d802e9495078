# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's modules lie in tests/lab, as nothing that a user installs may need them."""

from __future__ import annotations

import sys
from pathlib import Path

LAB = Path(__file__).resolve().parents[2] / "lab"

if sys.version_info < (3, 11):
    # the lab runs on the developer's machine only
    collect_ignore_glob = ["test_*.py"]
elif str(LAB) not in sys.path:
    sys.path.insert(0, str(LAB))
