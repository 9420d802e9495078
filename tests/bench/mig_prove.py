# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the planner of MIG layouts finds the cheapest way in every case of a card, against brute force.

Every state, to every layout that the card can have, with nothing in use and with every single instance in use, each
GPU instance with one compute instance. disruption is idle, and with an instance in use also force. Models are alike to
the planner where their profiles differ in name and memory only, as those of eight slices do apart from media engines.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / ".build" / "collections"))
from ansible_collections.edgesite.gpu.plugins.module_utils.mig import planner
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig import brute
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig import cases as mig_cases


def in_use(state):
    """The card's instances by which of them is in use: none, and each alone."""
    yield frozenset(), [mig_cases.instance(*place) for place in state]
    for using in range(len(state)):
        yield (
            frozenset([using]),
            [mig_cases.instance(*place, busy=[0] if number == using else []) for number, place in enumerate(state)],
        )


def prove(model, position):
    """How many cases of one state there are. Raises AssertionError at the first that is not cheapest."""
    state = mig_cases.states(model)[position]
    cards = [(busy, mig_cases.card(model, *instances)) for busy, instances in in_use(state)]
    # nothing in use comes first; brute force looks at places and profiles only
    instances = cards[0][1].instances
    cases = 0
    for layout in mig_cases.layouts(model):
        stays = brute.keepable(instances, layout)
        wants = mig_cases.whole(layout)
        for busy, card in cards:
            for disruption in ("idle", "force") if busy else ("idle",):
                found = planner.target(card, wants, disruption)
                least = brute.cheapest_of(stays, len(state), len(layout), busy, disruption)
                if (None if found is None else tuple(found.cost)) != least:
                    raise AssertionError(f"{model}, {disruption}: {card.instances} to {wants}: {found}, not {least}")
                cases += 1
    return cases


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", default=["A30", "A100-40", "RTXPRO6000"], metavar="MODEL")
    arguments = parser.parse_args()
    with ProcessPoolExecutor() as pool:
        for model in arguments.models:
            start = time.monotonic()
            positions = range(len(mig_cases.states(model)))
            cases = sum(pool.map(partial(prove, model), positions, chunksize=8))
            print(f"{model}: {cases} cases, all cheapest ({time.monotonic() - start:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
