# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a GPU's settings stays in force when nothing sets them any more."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Optional, Tuple

from ..common.footprint import InForce
from . import unwanted
from .changed import Entry, Noted
from .settings import Range, in_words, show

_RELOAD = "a reboot or a reload of the driver"
# What ends a setting, the command for it, and whether a reboot ends it
_ENDS = {
    "persistence_mode": (_RELOAD, "nvidia-smi -pm 0", True),
    "ecc": ("it is changed, as the card keeps it", "nvidia-smi -e 0 or nvidia-smi -e 1, and a reboot", False),
    "compute_mode": (_RELOAD, "nvidia-smi -c 0", True),
    "power_limit": (_RELOAD, "nvidia-smi -pl WATTS; nvidia-smi -q -d POWER shows the default", True),
    "memory_clocks": (_RELOAD, "nvidia-smi -rmc", True),
    "gpu_clocks": (_RELOAD, "nvidia-smi -rgc", True),
}


def in_force(config: Optional[str]) -> Tuple[InForce, ...]:
    """By the boot unit's configuration; of clocks another note tells, and exactly."""
    found: List[InForce] = []
    for entry in _entries(config):
        where = gpus(entry.get("gpus"))
        keys = [key for key in _ENDS if key in entry and not key.endswith("_clocks")]
        found += [_told(key, _word(key, entry[key]), where) for key in keys]
    return tuple(found)


def changed(noted: Noted) -> Tuple[InForce, ...]:
    """By what was noted when it was changed, with the commands for the values before."""
    return tuple(
        _changed(uuid, key, entry)
        for uuid, of_card in sorted(noted.items())
        for key, entry in sorted(of_card.items())
        if key in _ENDS and not key.endswith("_clocks")
    )


def _changed(uuid: str, key: str, entry: Entry) -> InForce:
    told = _told(key, in_words(key, entry.ours[-1]), uuid)
    by_hand = unwanted.command(uuid, key, entry.before)
    return told._replace(by_hand=by_hand if told.reboot else by_hand + ", and a reboot")


def clocks(locked: Mapping[str, Mapping[str, Range]]) -> Tuple[InForce, ...]:
    """By the note of clocks that are locked."""
    return tuple(
        _told(key, show(key, held), uuid)
        for uuid, of_card in sorted(locked.items())
        for key, held in sorted(of_card.items())
        if key in _ENDS
    )


def gpus(selector: Any) -> str:
    """Which GPUs a setting is of, in words."""
    return "all GPUs" if selector == "all" else "the GPUs {0}".format(json.dumps(selector, sort_keys=True))


def _entries(config: Optional[str]) -> List[Dict[str, Any]]:
    """A configuration that is damaged says nothing."""
    try:
        return [dict(entry) for entry in json.loads(config or "{}")["settings"]]
    except (KeyError, TypeError, ValueError):
        return []


def _word(key: str, value: Any) -> str:
    watts = key == "power_limit" and value != "default"
    return "{0} W".format(value) if watts else str(value).lower()


def _told(key: str, value: str, where: str) -> InForce:
    until, by_hand, reboot = _ENDS[key]
    return InForce("{0} of {1}".format(key, where), value, until, by_hand, reboot)
