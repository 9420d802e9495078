# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run that changes nothing costs a host."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path


def test_idle_run_takes_two_round_trips_a_host():
    rows = json.loads(Path(os.environ["TASK_TIMES_FILE"]).read_text())
    reached = Counter(row["host"] for row in rows if row["reaches_host"] and row["role"].endswith("identity"))
    assert reached == {"edge-1": 2, "edge-2": 2, "edge-4": 2}
