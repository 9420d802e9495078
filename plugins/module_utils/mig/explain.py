# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a layout cannot be had, and what could be instead."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import Any, Dict, Iterable, List, Sequence, Tuple

from ..common.clients import Client
from ..common.errors import EdgesiteError
from ..gpu.selectors import GpuId
from . import planner
from .card import Card, GpuInstance, Profile
from .layouts import Want, Wish

_NEAREST = 3
# What lets a compute instance be created again, by the policy that forbids it.
_AGAIN = {
    "never": "Set disruption: idle, which lets the run destroy and create it once it is idle",
    "idle": "Stop these processes, or wait until they have ended, and run again to create it with all SMs",
}


def infeasible(card: Card, wish: Wish, disruption: str) -> EdgesiteError:
    """The error for a layout that the planner finds no way to."""
    wants = wish.wants or ()
    here = "{0}.instances cannot be created on GPU {1}".format(wish.option, card.gpu.label())
    limit = planner.over_limits(card, wants)
    if limit:
        return EdgesiteError("{0}: {1}".format(here, limit), nearest(card, wants, (), disruption))
    if planner.target(card, wants, "force") is None:
        return EdgesiteError("{0}: {1}".format(here, _too_large(card, wants)), nearest(card, wants, (), disruption))
    staying = planner.held(card.instances, disruption)
    clients = [client for instance in staying for client in instance.clients]
    partial = [instance for instance in staying if len(instance.whole) < len(instance.compute)]
    return EdgesiteError(
        "{0} {1}".format(here, _in_the_way(card, partial or staying, wants, disruption)),
        _AGAIN[disruption] if partial else nearest(card, wants, staying, disruption),
        {"holders": holders(card.gpu, clients)},
    )


def _too_large(card: Card, wants: Sequence[Want]) -> str:
    needed = sum(want.profile.size for want in wants)
    if needed > card.memory_slices:
        return "{0} take {1} memory slices, but the card has {2}".format(_counted(wants), needed, card.memory_slices)
    return "{0} do not fit next to each other: {1}".format(_counted(wants), "; ".join(_places(wants)))


def _places(wants: Sequence[Want]) -> List[str]:
    found = []
    for want in dict.fromkeys(wants):
        starts = want.profile.starts if want.start is None else (want.start,)
        found.append(
            "{0} takes {1} slices from {2}".format(
                want.profile.name, want.profile.size, " or ".join(str(start) for start in starts)
            )
        )
    return found


def _in_the_way(card: Card, staying: Sequence[GpuInstance], wants: Sequence[Want], disruption: str) -> str:
    if disruption == "never":
        return "without destroying instances, which disruption: never forbids; there are {0}".format(
            ", ".join(instance.label() for instance in staying)
        )
    wanted = Counter(want.profile for want in wants)
    spare = Counter(instance.profile for instance in staying) - wanted
    if any(len(instance.whole) < len(instance.compute) for instance in staying):
        reason = "their compute instances have only some of their SMs and have to be created again"
    elif spare:
        reason = "the layout has no place for {0}".format(_counted(_whole(spare.elements())))
    elif any(Counter(layout) == wanted for layout in _layouts(card, staying)):
        reason = "the layout needs them at other placements or with other compute instances"
    else:
        reason = "the free space is fragmented"
    return "while instances are in use ({0}): {1}".format(reason, "; ".join(in_use(instance) for instance in staying))


def in_use(instance: GpuInstance) -> str:
    """An instance and who runs on it."""
    return "{0} is in use by {1}".format(instance.label(), named_clients(instance.clients))


def holders(gpu: GpuId, clients: Sequence[Client]) -> List[Dict[str, Any]]:
    """Processes on a card, for programs."""
    return [
        {"gpu": gpu.uuid, "pid": client.pid, "name": client.name, "gpu_instance_id": client.gpu_instance_id}
        for client in clients
    ]


def named_clients(clients: Sequence[Client]) -> str:
    """Processes for people; one with several contexts is named once."""
    return ", ".join(dict.fromkeys(client.label() for client in clients))


def nearest(card: Card, wants: Sequence[Want], staying: Sequence[GpuInstance], disruption: str) -> str:
    """The layouts nearest to the wanted one that fit around what stays, as what to do."""
    wanted = Counter(want.profile for want in wants)
    ranked = sorted(_layouts(card, staying), key=lambda layout: (_distance(wanted, Counter(layout)), _order(layout)))
    possible = (layout for layout in ranked if layout and not planner.over_limits(card, _whole(layout)))
    fits = "; ".join(_counted(_keeping(staying, layout)) for layout in islice(possible, _NEAREST))
    if not staying:
        return "Nearest layouts that fit: " + fits
    instead = "set disruption: idle" if disruption == "never" else "wait until the instances are idle"
    return "Nearest layouts that fit now: {0}; or {1}".format(fits, instead)


def _distance(wanted: "Counter[Profile]", layout: "Counter[Profile]") -> Tuple[int, int]:
    """Memory slices that differ, those that were wanted counting first."""
    missing, added = wanted - layout, layout - wanted
    return _slices(missing) + _slices(added), _slices(missing)


def _slices(profiles: "Counter[Profile]") -> int:
    return sum(profile.size * count for profile, count in profiles.items())


def _order(layout: Sequence[Profile]) -> Tuple[int, ...]:
    return tuple(profile.id for profile in layout)


def _layouts(card: Card, staying: Sequence[GpuInstance]) -> List[Tuple[Profile, ...]]:
    """The profiles of every arrangement on the card that has the instances that stay, within the limits or not."""
    taken = 0
    for instance in staying:
        taken |= instance.mask
    # By slice, all profile ids that can lie on it and beyond, worked out from the last slice back.
    beyond = {card.memory_slices: {tuple(sorted(instance.profile.id for instance in staying))}}
    for first in reversed(range(card.memory_slices)):
        beyond[first] = set(beyond[first + 1])
        for profile in card.profiles:
            if first in profile.starts and not taken & profile.mask(first):
                rest = beyond[first + profile.size]
                beyond[first].update(tuple(sorted(ids + (profile.id,))) for ids in rest)
    by_id = {profile.id: profile for profile in card.profiles}
    return [tuple(by_id[known] for known in ids) for ids in beyond[0]]


def _whole(profiles: Iterable[Profile]) -> List[Want]:
    return [Want(profile, (profile.slices,)) for profile in profiles]


def _keeping(staying: Sequence[GpuInstance], layout: Sequence[Profile]) -> List[Want]:
    """The layout in wants, where what stays keeps its compute instances."""
    kept = [
        Want(instance.profile, tuple(sorted((inner.slices for inner in instance.compute), reverse=True)))
        for instance in staying
        if instance.compute
    ]
    others = Counter(layout) - Counter(want.profile for want in kept)
    return kept + _whole(others.elements())


def _counted(wants: Sequence[Want]) -> str:
    """Instances for people, the largest first."""
    return " + ".join(
        want.label() if count == 1 else "{0}x {1}".format(count, want.label())
        for want, count in sorted(Counter(wants).items(), key=lambda entry: _largest_first(entry[0].profile))
    )


def _largest_first(profile: Profile) -> Tuple[int, int]:
    return -profile.size, -profile.slices
