# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays each re-layout with each tool on the NVML simulator; prints a table and writes .build/bench-mig/result.json."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from collections import Counter
from pathlib import Path
from typing import Dict, List

import cases
import node
import tools

SEED = 20260
CASES = 200
RESULT = Path(__file__).resolve().parents[3] / ".build" / "bench-mig" / "result.json"
SUMS = ("as wanted", "refused", "failed", "destroyed", "busy destroyed", "NVML calls", "seconds")
COLUMNS = (*SUMS, "seconds per case")


def play(case, tool, folder: Path) -> Dict:
    os.environ["NVMLSIM_STATE"] = str(folder / "state")
    try:
        before = node.set_up(case, tool.clients)
        run = tool.apply(case, folder)
        done = node.log()
        as_wanted = run.ok and node.layout() == Counter(case.wanted)
    finally:
        node.stop_clients()
    return {
        "as wanted": as_wanted,
        # because a busy instance was in its way
        "refused": not as_wanted and done.in_use,
        "failed": not as_wanted and not done.in_use,
        "destroyed": len(done.destroyed & before.serials),
        "busy destroyed": len(done.destroyed & before.busy),
        "NVML calls": done.calls,
        "seconds": round(run.seconds, 3),
        "message": run.message,
    }


def described(case) -> Dict:
    return {
        "model": case.model,
        "start": [[instance.profile.name, instance.start] for instance in case.start],
        "busy": [[instance.profile.name, instance.start] for instance in case.busy],
        "wanted": case.wanted,
        "fewest destroyed": case.fewest_destroyed,
        "fewest created": case.fewest_created,
    }


def fewest(drawn) -> Dict:
    """What no tool can do better: a GPU instance is made or destroyed with its compute instance, so two calls each."""
    destroyed = sum(case.fewest_destroyed for case in drawn)
    created = sum(case.fewest_created for case in drawn)
    return {"as wanted": len(drawn), "destroyed": destroyed, "NVML calls": 2 * (destroyed + created)}


def totals(results: List[Dict]) -> Dict:
    return {
        **{column: sum(result[column] for result in results) for column in SUMS},
        "seconds per case": statistics.median(result["seconds"] for result in results),
    }


def show(rows: Dict[str, Dict], drawn, start: float) -> None:
    busy = sum(len(case.busy) for case in drawn)
    there = sum(len(case.start) for case in drawn)
    models = len({case.model for case in drawn})
    print(f"\n{len(drawn)} re-layouts on {models} models; of {there} instances {busy} are busy\n")
    print(" " * 36 + "".join(f"{column:>{len(column) + 2}}" for column in COLUMNS))
    for name, row in rows.items():
        cells = (f"{round(row.get(column, 0), 2):>{len(column) + 2}}" for column in COLUMNS)
        print(f"{name:36}" + "".join(cells))
    print(
        "\nrefused: not done since a busy instance was in the way; failed: not done for another reason\n"
        "destroyed: instances of the start; NVML calls: those that change state, refused ones too\n"
        "seconds per case: the median\n"
        f"Ansible's own start is in each of mig_layout's: its module ping, run the same way, takes {start:.2f} s\n"
        f"{RESULT}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench-mig", description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES, metavar="N", help=f"fewer for a quick look ({CASES})")
    parser.add_argument("--seed", type=int, default=SEED, metavar="N", help=f"draws other cases ({SEED})")
    given = parser.parse_args()
    drawn = cases.random_cases(given.seed, given.cases)
    results: List[Dict] = [described(case) for case in drawn]
    rows = {}
    for tool in tools.TOOLS:
        print(f"{tool.name} ...", flush=True)
        for case, result in zip(drawn, results):
            with tempfile.TemporaryDirectory(prefix="bench-mig.") as folder:
                result[tool.name] = play(case, tool, Path(folder))
        rows[tool.name] = totals([result[tool.name] for result in results])
    rows["the fewest possible"] = fewest(drawn)
    start = statistics.median(tools.start_of_ansible() for _run in range(9))
    summary = {"seed": given.seed, "start of Ansible": start, "totals": rows, "cases": results}
    RESULT.write_text(json.dumps(summary, indent=1) + "\n")
    show(rows, drawn, start)


if __name__ == "__main__":
    main()
