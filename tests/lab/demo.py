# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the demo site up, checks it, converges it twice, and shows what each run found and changed, and what a removal
would take off. `down` takes it all away."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from edgelab.places import CLONE

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".build" / "demo"
# ssh keeps connections open between runs: in a place of their own, so that `down` can close them.
CONNECTIONS = Path(tempfile.gettempdir()) / f"edgesite-demo-{CLONE}-{os.getuid()}"
RECAP = re.compile(r"^(\S+)\s*: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)")
LAYERS_HEAD = ["host", "found", "first run", "second run"]


def step(number: int, what: str) -> None:
    print(f"\n=== [{number}/6] {what}\n", flush=True)


def converge(name: str) -> tuple[int, dict[str, int], dict[str, dict]]:
    """Runs the playbook site; its exit code, changed tasks by host, and report by host."""
    report = WORK / f"{name}.json"
    report.unlink(missing_ok=True)
    code, changed = play("site", "-e", f"edgesite_report_file={report}")
    rows = json.loads(report.read_text(encoding="utf-8")) if report.exists() else []
    return code, changed, {row["host"]: row for row in rows}


def play(playbook: str, *options: str) -> tuple[int, dict[str, int]]:
    """Runs one of the collection's playbooks on the site; its exit code, and changed tasks by host."""
    command = ["ansible-playbook", f"edgesite.gpu.{playbook}", "-i", "inventories/demo", *options]
    print("$ " + " ".join(command), flush=True)
    changed: dict[str, int] = {}
    environment = {
        **os.environ,
        "PATH": f"{ROOT}/.venv/bin:{os.environ['PATH']}",
        "PYTHONUNBUFFERED": "1",
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_FORCE_COLOR": "0",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(CONNECTIONS),
    }
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            print(line, end="", flush=True)
            recap = RECAP.match(line)
            if recap:
                changed[recap[1]] = int(recap[2])
    return running.returncode, changed


def cell(row: dict | None, changed: dict[str, int], host: str) -> str:
    if row is None or row["status"] != "done":
        return "did not converge"
    done = [
        f"{layer}: {len(result['actions'])} changes" for layer, result in row["layers"].items() if result["changed"]
    ]
    return ", ".join(done) or f"{changed.get(host, 0)} changed"


def table(lines: list[list[str]]) -> None:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for number, line in enumerate(lines):
        print("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))


def main() -> int:
    WORK.mkdir(parents=True, exist_ok=True)
    step(1, "The emulated site comes up")
    if subprocess.run([str(ROOT / "tests/lab/lab"), "up", "demo"], check=False).returncode:
        return 1
    step(2, "Before a run: the inventory, the controller and the hosts are checked")
    if play("preflight")[0]:
        print("\nPreflight found problems; they are above, each with its fix.", file=sys.stderr)
        return 1
    step(3, "First run: the site converges")
    first_code, first_changed, first = converge("first")
    if first_code:
        print("\nThe first run failed; the reason is above. 'make demo' goes on from there.", file=sys.stderr)
        return 1
    step(4, "Second run: nothing is left to do")
    second_code, second_changed, second = converge("second")
    step(5, "What a removal would take off a host (check mode)")
    removal_code, _removed = play("remove", "-e", "edgesite_hosts=gpu-b", "--check")
    step(6, "The site")
    lines = [LAYERS_HEAD]
    for host, row in first.items():
        lines.append([host, row["found"], cell(row, first_changed, host), cell(second.get(host), second_changed, host)])
    table(lines)
    left = sum(second_changed.values())
    print(f"\nsecond run: {left} changed")
    print("The site stays up: 'tests/lab/lab ssh gpu-a' logs in, 'make demo-down' removes every trace.")
    return 1 if second_code or left or removal_code else 0


def down() -> int:
    for socket in CONNECTIONS.glob("*"):
        subprocess.run(
            ["ssh", "-O", "exit", "-o", f"ControlPath={socket}", "-"], stderr=subprocess.DEVNULL, check=False
        )
    for folder in (CONNECTIONS, WORK):
        shutil.rmtree(folder, ignore_errors=True)
    return subprocess.run([str(ROOT / "tests/lab/lab"), "down", "demo"], check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(down() if sys.argv[1:] == ["down"] else main())
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. 'make demo' goes on from here; 'make demo-down' removes every trace.")
