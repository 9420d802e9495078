# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes of what nvpmodel itself cannot tell: its files hold what the next boot sets, not what is in force.

PATH: a power mode that was prepared for the next boot, and the one in force until then. STALE: the one in force was set
before its definition changed. In /run: at the next boot nothing waits any more.
"""

from __future__ import annotations

import json
import os
from typing import Optional

from ...common.host import files, owned_files
from ..nvpmodel import BOOT, SET

PATH = "/run/edgesite-gpu/nvpmodel.json"
STALE = "/run/edgesite-gpu/nvpmodel-stale"


def running(stored: Optional[int], root: str = "/") -> Optional[int]:
    """The id in force where `stored` was prepared by this collection. A choice that somebody made since counts more."""
    try:
        note = json.loads(files.read_text(os.path.join(root, PATH.lstrip("/"))) or "{}")
        return int(note["running"]) if note["prepared"] == stored else None
    except (KeyError, OSError, TypeError, ValueError):
        # A damaged note says nothing.
        return None


def write(prepared: int, in_force: int) -> None:
    """Notes that a mode waits; takes the note away where it is the one in force."""
    if prepared == in_force:
        owned_files.remove(PATH)
    else:
        owned_files.write_text(PATH, json.dumps({"prepared": prepared, "running": in_force}) + "\n")


def remove() -> None:
    """Nothing waits."""
    owned_files.remove(PATH)


def stale() -> str:
    """What is to be done about the mode in force (SET), or what the next boot does (BOOT); empty for nothing."""
    noted = (owned_files.read_text(STALE) or "").strip()
    return noted if noted in (SET, BOOT) else ""


def write_stale(what: str) -> None:
    """Notes it; takes the note away where it is empty."""
    if what:
        owned_files.write_text(STALE, what + "\n")
    else:
        owned_files.remove(STALE)
