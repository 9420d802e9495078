# SPDX-License-Identifier: GPL-3.0-or-later
"""Random re-layouts that can be done without touching what is busy, and the least that each must destroy.

By random walk and brute force from the catalogue's placements, on purpose without the planner that is measured.
"""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations
from typing import Iterator, List, NamedTuple, Sequence, Tuple

from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.catalogue import MODELS, Mig, MigProfile

MEDIA = ("decoders", "encoders", "jpegs", "ofas")


class Instance(NamedTuple):
    profile: MigProfile
    start: int


class Case(NamedTuple):
    model: str
    start: Tuple[Instance, ...]
    busy: Tuple[Instance, ...]  # some of start
    wanted: Tuple[str, ...]  # names of profiles, those of busy among them
    fewest_destroyed: int

    @property
    def fewest_created(self) -> int:
        return len(self.wanted) - (len(self.start) - self.fewest_destroyed)


def fits(mig: Mig, made: Sequence[Instance], new: Instance) -> bool:
    for other in made:
        if new.start < other.start + other.profile.size and other.start < new.start + new.profile.size:
            return False
    together = [*made, new]
    if sum(instance.profile == new.profile for instance in together) > new.profile.max_count:
        return False
    # A card has as many media engines as its largest profile.
    return all(
        sum(getattr(instance.profile, engine) for instance in together)
        <= max(getattr(profile, engine) for profile in mig.profiles)
        for engine in MEDIA
    )


def places(mig: Mig, made: Sequence[Instance], profile: MigProfile) -> List[Instance]:
    found = (Instance(profile, start) for start in profile.starts)
    return [instance for instance in found if fits(mig, made, instance)]


def walk(rng: random.Random, mig: Mig, made: Sequence[Instance]) -> List[Instance]:
    """Adds instances at random until the card is full or a random number is there."""
    layout = list(made)
    most = rng.randint(2, mig.slices)
    while len(layout) < most:
        options = [found for found in (places(mig, layout, profile) for profile in mig.profiles) if found]
        if not options:
            break
        layout.append(rng.choice(rng.choice(options)))
    return layout


def can_place(mig: Mig, made: Sequence[Instance], rest: Sequence[MigProfile]) -> bool:
    if not rest:
        return True
    return any(can_place(mig, [*made, instance], rest[1:]) for instance in places(mig, made, rest[0]))


def fewest_destroyed(mig: Mig, start: Sequence[Instance], busy: Sequence[Instance], wanted: Sequence[str]) -> int:
    """Tries every set of idle instances to keep, the largest first."""
    by_name = {profile.name: profile for profile in mig.profiles}
    idle = [instance for instance in start if instance not in busy]
    for lost in range(len(idle)):
        for kept in combinations(idle, len(idle) - lost):
            stay = [*busy, *kept]
            rest = Counter(wanted)
            rest.subtract(instance.profile.name for instance in stay)
            largest_first = sorted((by_name[name] for name in rest.elements()), key=lambda profile: -profile.size)
            if min(rest.values()) >= 0 and can_place(mig, stay, largest_first):
                return lost
    return len(idle)


def random_cases(seed: int, count: int) -> List[Case]:
    """Different ones, spread evenly over the models with MIG."""
    rng = random.Random(seed)
    streams = [_of_model(rng, model.key, model.mig) for model in MODELS if model.mig]
    return [next(streams[number % len(streams)]) for number in range(count)]


def _of_model(rng: random.Random, key: str, mig: Mig) -> Iterator[Case]:
    seen = set()
    while True:
        start = walk(rng, mig, [])
        busy = rng.sample(start, min(rng.randint(1, 3), len(start)))
        wanted = sorted(instance.profile.name for instance in walk(rng, mig, busy))
        if wanted == sorted(instance.profile.name for instance in start):
            continue
        drawn = (tuple(start), tuple(busy), tuple(wanted))
        if drawn not in seen:
            seen.add(drawn)
            yield Case(key, *drawn, fewest_destroyed(mig, start, busy, wanted))
