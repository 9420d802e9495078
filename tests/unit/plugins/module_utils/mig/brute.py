# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the planner of MIG layouts is measured against: it tries everything, and shares no code with the planner."""

from __future__ import annotations

from functools import lru_cache

from .cases import COMPUTE_STARTS


def overlap(start, size, other_start, other_size):
    return start < other_start + other_size and other_start < start + size


@lru_cache(maxsize=None)
def fit_beside(taken, rest):
    """Whether things of (size, starts) can lie beside places of (start, size) that are taken."""
    if not rest:
        return True
    size, starts = rest[0]
    return any(
        fit_beside(tuple(sorted((*taken, (start, size)))), rest[1:])
        for start in starts
        if not any(overlap(start, size, *other) for other in taken)
    )


def keep_compute(instance, wanted, disruption):
    """The cheapest (whether processes end, destroyed, calls) to the wanted slices in a GPU instance, or None."""
    rules = COMPUTE_STARTS[instance.profile.slices]

    def ways(left, wanted, kept, ends, destroyed):
        if not left:
            if fit_beside(tuple(sorted(kept)), tuple((slices, rules[slices]) for slices in wanted)):
                yield ends, destroyed, destroyed + len(wanted)
            return
        inner, rest = left[0], left[1:]
        if inner.slices in wanted and not inner.partial:
            others = list(wanted)
            others.remove(inner.slices)
            yield from ways(rest, others, [*kept, (inner.start, inner.slices)], ends, destroyed)
        if disruption == "force" or (disruption == "idle" and not inner.clients):
            yield from ways(rest, wanted, kept, ends or bool(inner.clients), destroyed + 1)

    return min(ways(list(instance.compute), list(wanted), [], False, 0), default=None)


def cheapest(card, wants, disruption):
    """The least (GPU instances whose processes end, GPU instances destroyed, compute instances destroyed, calls).

    None where the wanted instances cannot be had.
    """
    profiles = [want.profile for want in wants]
    if any(profiles.count(known) > known.max_count for known in card.profiles):
        return None
    for which in range(4):
        if sum(known.engines[which] for known in profiles) > max(known.engines[which] for known in card.profiles):
            return None

    def ways(left, wants, kept, cost):
        if not left:
            rest = tuple(
                (want.profile.size, want.profile.starts if want.start is None else (want.start,)) for want in wants
            )
            if fit_beside(tuple(kept), rest):
                yield (*cost[:3], cost[3] + sum(1 + len(want.compute) for want in wants))
            return
        instance, rest = left[0], left[1:]
        if disruption == "force" or (disruption == "idle" and not instance.clients):
            compute = len(instance.compute)
            destroyed = (int(bool(instance.clients)), 1, compute, 1 + compute)
            yield from ways(rest, wants, kept, tuple(map(sum, zip(cost, destroyed))))
        for want in set(wants):
            if want.profile == instance.profile and want.start in (None, instance.start):
                refit = keep_compute(instance, want.compute, disruption)
                if refit is not None:
                    others = list(wants)
                    others.remove(want)
                    place = (instance.start, instance.profile.size)
                    moved = tuple(map(sum, zip(cost, (int(refit[0]), 0, refit[1], refit[2]))))
                    yield from ways(rest, others, [*kept, place], moved)

    return min(ways(list(card.instances), list(wants), [], (0, 0, 0, 0)), default=None)


def keepable(instances, profiles):
    """Which instances can stay, as sets of their positions, on the way to whole instances of these profiles anywhere.

    The profiles must be within the card's limits.
    """

    def ways(position, wanted, kept, stay):
        if position == len(instances):
            if fit_beside(kept, tuple((known.size, known.starts) for known in wanted)):
                yield stay
            return
        yield from ways(position + 1, wanted, kept, stay)
        instance = instances[position]
        if instance.profile in wanted:
            others = list(wanted)
            others.remove(instance.profile)
            place = (instance.start, instance.profile.size)
            yield from ways(position + 1, others, (*kept, place), stay | {position})

    return list(ways(0, list(profiles), (), frozenset()))


def cheapest_of(stays, present, wanted, busy, disruption):
    """The least cost as above, where all instances have one compute instance; stays is what keepable gives."""
    if disruption == "idle":
        stays = [stay for stay in stays if busy <= stay]
    return min(
        (
            (len(busy - stay), present - len(stay), present - len(stay), 2 * (present + wanted - 2 * len(stay)))
            for stay in stays
        ),
        default=None,
    )
