# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of MIG layouts stays in force when nothing makes them any more."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional, Tuple

from ..common.footprint import InForce
from ..gpu.footprint import gpus
from .drm import MODULE, Drm


def in_force(config: Optional[str]) -> Tuple[InForce, ...]:
    """By the boot unit's configuration."""
    return tuple(told for layout in _layouts(config) for told in _of(layout))


def unloaded(found: Drm) -> Tuple[InForce, ...]:
    """The kernel module that a run unloaded and did not come to load again."""
    if not found.left:
        return ()
    by_hand = " ".join(["modprobe", MODULE, *found.parameters])
    return (InForce("the kernel module " + MODULE, "unloaded", "it is loaded again", by_hand, True),)


def _layouts(config: Optional[str]) -> List[Dict[str, Any]]:
    """A configuration that is damaged says nothing."""
    try:
        return [dict(layout) for layout in json.loads(config or "{}")["mig"]]
    except (KeyError, TypeError, ValueError):
        return []


def _of(layout: Dict[str, Any]) -> List[InForce]:
    where = gpus(layout.get("gpus"))
    if layout.get("mig", "enabled") != "enabled":
        return [InForce("MIG of " + where, "off", "it is turned on again", "nvidia-smi -mig 1", False)]
    until = "it is turned off; on Hopper and later also a reboot"
    found = [InForce("MIG of " + where, "on", until, "nvidia-smi -mig 0", True)]
    if layout.get("instances"):
        instances = json.dumps(layout["instances"], sort_keys=True)
        by_hand = "nvidia-smi mig -dci, then nvidia-smi mig -dgi"
        found.insert(
            0, InForce("MIG instances of " + where, instances, "a reboot or a reset of the card", by_hand, True)
        )
    return found
