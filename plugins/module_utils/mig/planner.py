# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner of MIG layouts: which instances stay, which go, and where the new ones come.

It weighs every arrangement of the wanted instances on the card, which are few (no card has more than some hundred for
any one layout), and takes the one that, in this order,

1. destroys the fewest GPU instances with processes (none, unless told to),
2. destroys the fewest GPU instances,
3. destroys the fewest compute instances,
4. takes the fewest calls,
5. leaves the most room for other instances.
"""

from __future__ import annotations

from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple, cast

from ..common.clients import Client
from .actions import Action, EndClient, MakeComputeInstance, MakeGpuInstance
from .card import Card, ComputeInstance, GpuInstance
from .fit import Arrangement, Item, arrangements, compute_arrangements
from .layouts import Want

DISRUPTIONS = ("never", "idle", "force")


class Cost(NamedTuple):
    """What a step costs, the worst first. Costs add up, and compare as tuples do."""

    busy: int
    gpu_instances: int
    compute_instances: int
    calls: int


class Target(NamedTuple):
    """Where each wanted instance comes to lie, and what it costs to get there."""

    places: Tuple[Tuple[Want, int], ...]
    cost: Cost


NOTHING = Cost(0, 0, 0, 0)


def held(instances: Sequence[GpuInstance], disruption: str) -> List[GpuInstance]:
    """The instances that may not be destroyed."""
    if disruption == "force":
        return []
    return [instance for instance in instances if instance.clients or disruption == "never"]


def target(card: Card, wants: Sequence[Want], disruption: str) -> Optional[Target]:
    """The cheapest way to the wanted instances, or None where there is none."""
    if over_limits(card, wants):
        return None
    moves = _moves(card, wants, disruption)
    items = [Item(want, wants.count(want), want.profile.size, tuple(sorted(starts))) for want, starts in moves.items()]
    staying = {instance.place for instance in held(card.instances, disruption)}
    best: List[Arrangement] = []
    least: Optional[Cost] = None
    for places in arrangements(_hardest_first(items)):
        if staying and not staying <= {(want.profile.id, start) for want, start in places}:
            continue
        cost = _sum(moves[want][start] for want, start in places)
        if least is None or cost <= least:
            best = best + [places] if cost == least else [places]
            least = cost
    if least is None:
        return None
    roomiest = max(sorted(best, key=_starts), key=lambda places: _room(card, places))
    destroyed = _sum(_destroying(instance) for instance in card.instances)
    return Target(tuple(sorted(roomiest, key=lambda place: place[1])), _sum((destroyed, least)))


def _hardest_first(items: Sequence[Item]) -> List[Item]:
    """Those with the fewest places first, which cuts the search early."""
    return sorted(items, key=lambda item: (len(item.starts), -item.size))


def _moves(card: Card, wants: Sequence[Want], disruption: str) -> Dict[Want, Dict[int, Cost]]:
    """By want and start, what it costs to have it there: to keep what is there already saves its destruction."""
    present = {instance.place: instance for instance in card.instances}
    staying = held(card.instances, disruption)
    moves: Dict[Want, Dict[int, Cost]] = {}
    for want in wants:
        if want in moves:
            continue
        moves[want] = {}
        for start in want.profile.starts if want.start is None else (want.start,):
            here = present.get((want.profile.id, start))
            mask = want.profile.mask(start)
            if here is not None:
                inner = refit(here, want.compute, disruption)
                if inner is not None:
                    moves[want][start] = _less(inner.cost, _destroying(here))
            elif not any(mask & other.mask for other in staying):
                moves[want][start] = Cost(0, 0, 0, 1 + len(want.compute))
    return moves


class Refit(NamedTuple):
    """Where the compute instances of a GPU instance that stays come to lie."""

    places: Tuple[Tuple[int, int], ...]
    cost: Cost


def refit(instance: GpuInstance, compute: Sequence[int], disruption: str) -> Optional[Refit]:
    """The cheapest way to the wanted compute instances within a GPU instance, or None where there is none."""
    whole = instance.whole
    staying = [inner for inner in instance.compute if disruption == "never" or (disruption == "idle" and inner.clients)]
    best: Optional[Refit] = None
    for arrangement in compute_arrangements(instance.profile.slices, compute):
        places = tuple(sorted(arrangement, key=lambda place: place[1]))
        kept = [whole[place] for place in places if place in whole]
        gone = [inner for inner in instance.compute if inner not in kept]
        if any(inner in gone for inner in staying):
            continue
        cost = Cost(int(any(inner.clients for inner in gone)), 0, len(gone), len(gone) + len(places) - len(kept))
        if best is None or cost < best.cost:
            best = Refit(places, cost)
    return best


def over_limits(card: Card, wants: Sequence[Want]) -> str:
    """Which of the card's limits, apart from room, the wanted instances break; empty where they break none."""
    for profile in card.profiles:
        count = sum(1 for want in wants if want.profile.id == profile.id)
        present = sum(1 for instance in card.instances if instance.profile.id == profile.id)
        if count > max(profile.max_count, present):
            return "{0} of {1} are wanted, but the card has at most {2}".format(count, profile.name, profile.max_count)
    for which, engine in enumerate(("decoders", "encoders", "JPEG engines", "OFA engines")):
        needed = sum(want.profile.engines[which] for want in wants)
        # What is there already is possible, whatever the profiles let one think.
        present = sum(instance.profile.engines[which] for instance in card.instances)
        most = max(max(profile.engines[which] for profile in card.profiles), present)
        if needed > most:
            return "together they need {0} {1}, but the card has {2}".format(needed, engine, most)
    return ""


def steps(card: Card, wants: Sequence[Want], reached: Target, disruption: str) -> List[Action]:
    """The calls that bring the card to the target: first all that goes, then all that comes."""
    gone: List[Action] = []
    come: List[Action] = []
    present = {instance.place: instance for instance in card.instances}
    ended: Dict[int, Client] = {}
    for want, start in reached.places:
        here = present.pop((want.profile.id, start), None)
        if here is None:
            here = GpuInstance(want.profile, start, ())
            come.append(MakeGpuInstance(card.gpu, want.profile, start, create=True))
        # The target has only what can be had.
        places = cast(Refit, refit(here, want.compute, disruption)).places
        staying = [here.whole[place] for place in places if place in here.whole]
        leaving = [known for known in here.compute if known not in staying]
        ended.update((client.pid, client) for known in leaving for client in known.clients)
        gone += [_destroyed(card, here, known) for known in leaving]
        come += [_created(card, here, *place) for place in places if place not in here.whole]
    for here in present.values():
        ended.update((client.pid, client) for client in here.clients)
        gone += destroy(card, here)
    return [EndClient(card.gpu, client) for client in ended.values()] + gone + come


def destroy(card: Card, instance: GpuInstance) -> List[Action]:
    """The calls that destroy a GPU instance with what is in it."""
    inner: List[Action] = [_destroyed(card, instance, known) for known in instance.compute]
    return inner + [MakeGpuInstance(card.gpu, instance.profile, instance.start, create=False)]


def _created(card: Card, instance: GpuInstance, slices: int, start: int) -> MakeComputeInstance:
    return MakeComputeInstance(card.gpu, instance.profile, instance.start, slices, start, create=True)


def _destroyed(card: Card, instance: GpuInstance, known: ComputeInstance) -> MakeComputeInstance:
    place = (known.slices, known.start, False, known.partial)
    return MakeComputeInstance(card.gpu, instance.profile, instance.start, *place)


def _destroying(instance: GpuInstance) -> Cost:
    compute = len(instance.compute)
    return Cost(int(bool(instance.clients)), 1, compute, 1 + compute)


def _sum(costs: Iterable[Cost]) -> Cost:
    return Cost(*map(sum, zip(NOTHING, *costs)))


def _less(cost: Cost, saved: Cost) -> Cost:
    return Cost(*(one - other for one, other in zip(cost, saved)))


def _room(card: Card, places: Arrangement) -> int:
    """How many more places the card has for an instance of any profile."""
    taken = 0
    for want, start in places:
        taken |= want.profile.mask(start)
    return sum(1 for profile in card.profiles for start in profile.starts if not taken & profile.mask(start))


def _starts(places: Arrangement) -> List[Tuple[int, int, Tuple[int, ...]]]:
    """For an order that is the same in every run, and however the wanted instances are ordered."""
    return sorted((start, want.profile.id, want.compute) for want, start in places)
