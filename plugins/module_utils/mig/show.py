# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cards and their changes as results of modules."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

from .card import Card, GpuInstance, Profile


def card(shown: Card) -> Dict[str, Any]:
    """A card's mode and instances, one line for each instance."""
    if shown.enabled is None:
        return {"mig": None}
    found: Dict[str, Any] = {"mig": _mode(shown.enabled)}
    if shown.pending != shown.enabled:
        found["mig_pending"] = _mode(bool(shown.pending))
    found["instances"] = [_line(held) for held in shown.instances]
    return found


def full(shown: Card) -> Dict[str, Any]:
    """Everything that is known of a card, for programs."""
    gpu = shown.gpu
    return {
        "index": gpu.index,
        "uuid": gpu.uuid,
        "name": gpu.name,
        "pci_bus_id": gpu.pci_bus_id,
        "mig": None if shown.enabled is None else _mode(shown.enabled),
        "mig_pending": None if shown.pending is None else _mode(shown.pending),
        "needs_reset": shown.enabled is not None and not shown.resetless,
        "profiles": [_profile(shown, profile) for profile in shown.profiles],
        "instances": [instance(gpu.uuid, held) for held in shown.instances],
    }


def _profile(shown: Card, profile: Profile) -> Dict[str, Any]:
    taken = 0
    for held in shown.instances:
        taken |= held.mask
    return {
        "name": profile.name,
        "id": profile.id,
        "slices": profile.slices,
        "memory_mib": profile.memory_mib,
        "size": profile.size,
        "starts": list(profile.starts),
        "free_starts": [start for start in profile.starts if not taken & profile.mask(start)],
        "max_count": profile.max_count,
    }


def changes(before: Sequence[Card], after: Sequence[Card]) -> Dict[str, List[Dict[str, Any]]]:
    """The instances that were kept, created and destroyed."""
    old = {(shown.gpu.uuid, held.place): held for shown in before for held in shown.instances}
    new = {(shown.gpu.uuid, held.place): held for shown in after for held in shown.instances}
    return {
        "kept": [instance(key[0], held) for key, held in new.items() if key in old],
        "created": [instance(key[0], held) for key, held in new.items() if key not in old],
        "destroyed": [instance(key[0], held) for key, held in old.items() if key not in new],
    }


def instance(gpu: str, held: GpuInstance) -> Dict[str, Any]:
    """A GPU instance with its compute instances, for programs."""
    return {
        "gpu": gpu,
        "profile": held.profile.name,
        "placement": {"start": held.start, "size": held.profile.size},
        "compute_instances": [
            {
                "profile": "{0}c".format(inner.slices),
                "placement": {"start": inner.start, "size": inner.slices},
                "uuid": inner.uuid,
            }
            for inner in held.compute
        ],
        "processes": [{"pid": client.pid, "name": client.name} for client in held.clients],
    }


def _line(held: GpuInstance) -> str:
    inner = "+".join("{0}c".format(one.slices) for one in held.compute) or "no compute instance"
    whole = len(held.compute) == 1 and held.compute[0].slices == held.profile.slices
    return held.label() + ("" if whole else ": " + inner)


def _mode(enabled: bool) -> str:
    return "enabled" if enabled else "disabled"
