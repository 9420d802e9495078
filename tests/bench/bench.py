# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what an idle run costs: tasks and time by role and host, and gpu_info beside a ping.

Hosts are measured one at a time, since all of the emulated site shares this machine's processors.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = ROOT / ".build" / "bench"
LAB = str(ROOT / "tests" / "lab" / "lab")
SITE = "bench"
ROUNDS = 7


def inventory() -> Path:
    """The bench site's connection data beside what is wanted of its GPUs."""
    folder = WORK / "inventory"
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "lab.sh"
    script.write_text(f'#!/bin/sh\nexec "{LAB}" inventory {SITE} "$@"\n')
    script.chmod(0o755)
    wanted = [{"gpus": "all", "persistence_mode": True, "power_limit": "default"}]
    (folder / "group_vars").mkdir(exist_ok=True)
    (folder / "group_vars" / "gpu_nodes.json").write_text(json.dumps({"gpu_settings": wanted}))
    return folder


def play(playbook: str, *more: str) -> list[dict]:
    """Runs a playbook quietly; the rows of its task times."""
    times = WORK / "times.json"
    environment = {
        **os.environ,
        "TASK_TIMES_FILE": str(times),
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE.parent / "callback_plugins"),
        "ANSIBLE_CALLBACKS_ENABLED": "task_times",
    }
    command = ["ansible-playbook", playbook, "-i", str(inventory()), *more]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return json.loads(times.read_text(encoding="utf-8"))


def median(rows: list[dict], action: str) -> float:
    return statistics.median(row["seconds"] for row in rows if row["action"] == action)


def main() -> None:
    WORK.mkdir(parents=True, exist_ok=True)
    if subprocess.run([LAB, "up", SITE], check=False).returncode:
        sys.exit(1)
    hosts = ["gpu-8", "gpu-1", "hub"]
    print("The site converges, so that the next runs are idle ...", flush=True)
    play("edgesite.gpu.site")

    print(f"\n{'host':8} {'role':22} {'tasks':>6} {'to host':>8} {'seconds':>8}")
    for host in hosts:
        by_role: dict[str, list[dict]] = defaultdict(list)
        for row in play("edgesite.gpu.site", "--limit", host):
            if row["host"] == host:
                by_role[row["role"] or "(play)"].append(row)
        for role, rows in by_role.items():
            reach = sum(row["reaches_host"] for row in rows)
            print(f"{host:8} {role:22} {len(rows):6} {reach:8} {sum(row['seconds'] for row in rows):8.2f}", flush=True)

    print(f"\n{'host':8} {'ping s':>8} {'gpu_info s':>11} {'ratio':>6}   (medians of {ROUNDS})")
    for host in hosts:
        rows = play(str(HERE / "floor.yml"), "--limit", host, "-e", f"bench_rounds={ROUNDS}")
        floor, info = median(rows, "ping"), median(rows, "gpu_info")
        print(f"{host:8} {floor:8.3f} {info:11.3f} {info / floor:6.2f}", flush=True)
    print("\n'tests/lab/lab down bench' takes the site down.")


if __name__ == "__main__":
    main()
