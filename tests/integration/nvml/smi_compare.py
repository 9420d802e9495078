# SPDX-License-Identifier: GPL-3.0-or-later
"""gpu_info beside nvidia-smi -q -x on a machine that nobody keeps still: a real one."""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.edgesite.gpu.tests.integration.nvml.smi_fields import FIELDS, flat

# Not compared, as they jump from one reading to the next.
JUMPS = {
    "clocks_mhz.graphics": "the readings themselves wake the card, from its idle clock to its boost clock",
    "clocks_mhz.sm": "follows the graphics clock",
    "clocks_mhz.memory": "idle and full speed, as the graphics clock",
    "performance_state": "follows the clocks",
    "utilization_percent.gpu": "of the last moments, which are others for each reading",
    "utilization_percent.memory": "as that of the GPU",
    "power_w.usage": "follows the clocks; an idle card draws a third more while it is read",
}
# How far from what gpu_info told before and after these may be: nvidia-smi rounds MiB, and clients come and go.
NEAR = {
    "temperature_c": 3,
    "memory_mib.used": 64,
    "memory_mib.free": 64,
    "memory_mib.total": 1,
    "memory_mib.reserved": 1,
}
# Power limits with two decimals
_ROUNDED = 0.01


class Comparison(NamedTuple):
    """equal: fields that agree. different: others, in words. unread: what this release of nvidia-smi has no more."""

    equal: list
    different: list
    unread: list


def compared(before, gpu, after):
    """One card: what gpu_info told before and after, and the element <gpu> between."""
    found = Comparison([], [], [])
    ours, later = flat(before), flat(after)
    for field in (field for field in FIELDS if field not in JUMPS):
        try:
            shown = FIELDS[field](gpu)
        except (AttributeError, TypeError, ValueError, KeyError, IndexError):
            found.unread.append(field)
            continue
        nothing = [] if "[]" in field else None
        told = ours.get(field, nothing), later.get(field, nothing)
        if agree(field, shown, *told):
            found.equal.append(field)
        else:
            found.different.append(f"{field}: gpu_info {told[0]}, nvidia-smi {shown}, gpu_info again {told[1]}")
    return found


def agree(field, shown, before, after):
    """Clients come and go: a list of them may be either. A number may be between, or near."""
    if field.startswith(("processes", "mig.gpu_instances[].pids")):
        return shown in (before, after)
    if not isinstance(shown, float) or before is None or after is None:
        return before == shown == after
    low, high = sorted((before, after))
    near = NEAR.get(field, _ROUNDED)
    return low - near <= shown <= high + near and (field in NEAR or high - low <= _ROUNDED)
