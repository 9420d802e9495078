# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the lab's sources and state lie."""

from __future__ import annotations

from pathlib import Path

LAB = Path(__file__).resolve().parents[1]
REPOSITORY = LAB.parents[1]
SITES = LAB / "sites"
STATE = REPOSITORY / ".build" / "lab"
SIMULATOR = LAB / "nvml"


def shown(path: Path) -> str:
    """A path as a user would type it: relative to the repository where it is inside."""
    return str(path.relative_to(REPOSITORY)) if path.is_relative_to(REPOSITORY) else str(path)
