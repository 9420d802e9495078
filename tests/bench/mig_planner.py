# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU time that the planner of MIG layouts takes: every state of every model, to every layout that it can have.

Of models that differ only in names and memory, the first stands for all.

For each, so many sets of instances in use are drawn: in a quarter of them nothing is in use, else a coin falls for each
instance. disruption is idle in half of them, and force in the other.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / ".build" / "collections"))
from ansible_collections.edgesite.gpu.plugins.module_utils.mig import planner
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig import cases as mig_cases

SEED = 20261


def cases(model, sets, draw):
    """Card, wanted instances and disruption."""
    wanted = [mig_cases.whole(layout) for layout in mig_cases.layouts(model)]
    for state in mig_cases.states(model):
        for wants in wanted:
            for _number in range(sets):
                often = draw.choice((0, 0.5, 0.5, 0.5))
                using = (mig_cases.instance(*place, busy=[0] if draw.random() < often else []) for place in state)
                yield mig_cases.card(model, *using), wants, draw.choice(("idle", "force"))


def seconds(card, wants, disruption):
    start = process_time()
    reached = planner.target(card, wants, disruption)
    if reached is not None:
        planner.steps(card, wants, reached, disruption)
    return process_time() - start


def named(card, wants):
    present = ", ".join(instance.label() for instance in card.instances) or "nothing"
    return f"from {present} to {', '.join(want.label() for want in wants) or 'nothing'}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", default=mig_cases.SHAPES, metavar="MODEL")
    parser.add_argument("--sets", type=int, default=1, help="how many, per state and layout")
    arguments = parser.parse_args()
    print(f"{'model':12} {'states':>7} {'layouts':>7} {'plans':>9} {'mean ms':>8} {'worst ms':>8}  worst case")
    for model in arguments.models:
        draw = random.Random(SEED)
        plans, total, worst, worst_case = 0, 0.0, 0.0, ""
        for card, wants, disruption in cases(model, arguments.sets, draw):
            took = seconds(card, wants, disruption)
            if took > worst:
                # once more, so that what something else did to the machine is not counted as the planner's
                took = min(took, seconds(card, wants, disruption))
            plans, total = plans + 1, total + took
            if took > worst:
                worst, worst_case = took, f"{disruption}, {named(card, wants)}"
        counts = f"{len(mig_cases.states(model)):7} {len(mig_cases.layouts(model)):7} {plans:9}"
        print(f"{model:12} {counts} {1000 * total / plans:8.3f} {1000 * worst:8.3f}  {worst_case}", flush=True)


if __name__ == "__main__":
    main()
