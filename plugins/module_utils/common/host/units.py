# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stops systemd units for a while, and remembers which, so that a run that dies leaves none of them stopped."""

from __future__ import annotations

import json
from typing import Any, Iterable, Sequence, Tuple

from ..quiesce import SwitchUnit, Units
from . import owned_files, systemctl
from .command import Run

# In /run: a reboot starts everything anyway.
RECORD = "/run/edgesite-gpu/stopped-units.json"


def observe(run: Run, names: Sequence[str]) -> Units:
    """Which of the named units run, and which an earlier run left stopped."""
    recorded = _recorded()
    asked = sorted(set(names) | set(recorded))
    # Without systemd there are no answers, and nothing runs that it could stop.
    active = tuple(systemctl.active(run, asked))
    return Units(active, tuple(unit for unit in recorded if unit not in active))


def apply(run: Run, action: SwitchUnit) -> None:
    """Does one action. Raises EdgesiteError."""
    recorded = _recorded()
    if not action.start:
        # Before it is stopped: a run that dies in between has stopped nothing, or what is written here.
        _record(set(recorded) | {action.unit})
    # Starts are queued: a unit may wait for this very run, as the boot unit of GPU settings does for the GPUs, and
    # kubelet at boot for the boot unit of MIG. One that then fails shows in systemctl --failed.
    if action.start:
        systemctl.do(run, "start", action.unit, options=["--no-block"])
        _record(set(recorded) - {action.unit})
    else:
        systemctl.do(run, "stop", action.unit)


def _recorded() -> Tuple[str, ...]:
    try:
        found: Any = json.loads(owned_files.read_text(RECORD) or "[]")
    except ValueError:
        return ()
    return tuple(sorted(unit for unit in found if isinstance(unit, str))) if isinstance(found, list) else ()


def _record(units: Iterable[str]) -> None:
    left = sorted(units)
    if left:
        owned_files.write_text(RECORD, json.dumps(left) + "\n")
    else:
        owned_files.remove(RECORD)
