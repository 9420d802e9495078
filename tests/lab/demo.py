# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the demo site up, shows its plan, converges it, shows that nothing is left to do, and what a removal would
take off. `down` takes it all away."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from edgelab.places import CLONE

ROOT = Path(__file__).resolve().parents[2]
LAB = str(ROOT / "tests/lab/lab")
PROGRAM = ROOT / "tests/lab/demo_host"
WORK = ROOT / ".build" / "demo"
# ssh keeps connections open between runs: in a place of their own, so that `down` can close them.
CONNECTIONS = Path(tempfile.gettempdir()) / f"edgesite-demo-{CLONE}-{os.getuid()}"
# What runs on the hosts and is none of the collection's: by host, as root.
PROGRAMS = {
    "gpu-a": "tar -x -C /srv && sh /srv/demo_host/set-up",
    "jetson-1": "tar -x -C /srv && sh /srv/demo_host/set-up --tls",
    "gpu-b": "apt-get -qq update && DEBIAN_FRONTEND=noninteractive"
    " apt-get -qq install --yes --no-install-recommends curl >/dev/null",
}
INTERRUPTS = {"restart": ", restarts services", "reset": ", resets a GPU", "reboot": ", reboots"}
NEXT = """
The site stays up. What to look at next:

  tests/lab/lab ssh gpu-b curl -s http://127.0.0.1:9444     gpu-a's program, which only gpu-b may ask, over mutual TLS
  tests/lab/lab ssh gpu-b curl -s http://127.0.0.1:9445     jetson-1's program, which speaks TLS itself
  tests/lab/lab exec gpu-a nvmlsim show                     the GPUs, with their MIG instances
  tests/lab/lab ssh gpu-a                                   logs in; sudo needs no password

Change something in inventories/demo, and see what a run would do:

  . .venv/bin/activate
  ansible-playbook edgesite.gpu.plan -i inventories/demo

'make demo-down' removes every trace of the site."""


def step(number: int, what: str) -> None:
    print(f"\n=== [{number}/6] {what}\n", flush=True)


def up() -> bool:
    """Brings up the site, with the programs on its hosts, and its CA."""
    if not (ROOT / ".build/lab/demo").exists():
        # The hosts get other TPMs, which the CA of an earlier site would refuse.
        shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True, exist_ok=True)
    if subprocess.run([LAB, "up", "demo"], check=False).returncode:
        return False
    files = subprocess.run(["tar", "-c", "-C", PROGRAM.parent, PROGRAM.name], check=True, stdout=subprocess.PIPE).stdout
    running = [start(host, command, files) for host, command in PROGRAMS.items()]
    made = play("site_ca") == 0
    return all(program.wait() == 0 for program in running) and made


def start(host: str, command: str, files: bytes) -> subprocess.Popen[bytes]:
    running = subprocess.Popen([LAB, "exec", "-s", "demo", host, "sh", "-c", command], stdin=subprocess.PIPE)
    assert running.stdin is not None
    running.stdin.write(files)
    running.stdin.close()
    return running


def play(playbook: str, *options: str) -> int:
    """Runs one of the collection's playbooks on the site; its exit code."""
    command = ["ansible-playbook", f"edgesite.gpu.{playbook}", "-i", "inventories/demo", *options]
    print("$ " + " ".join(command), flush=True)
    environment = {
        **os.environ,
        "PATH": f"{ROOT}/.venv/bin:{os.environ['PATH']}",
        "PYTHONUNBUFFERED": "1",
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_FORCE_COLOR": "0",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(CONNECTIONS),
    }
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def report(name: str, playbook: str, *options: str) -> tuple[int, list[dict]]:
    """Runs a playbook that writes a report; its exit code, and what the report has of each host."""
    path = WORK / f"{name}.json"
    path.unlink(missing_ok=True)
    code = play(playbook, "-e", f"edgesite_report_file={path}", *options)
    told = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return code, told["hosts"] if isinstance(told, dict) else told


def planned(look: dict) -> str:
    if look["in_order"]:
        return "in order"
    count = look["changes"]
    return f"{count} change{'' if count == 1 else 's'}{INTERRUPTS.get(look['worst'], '')}"


def layers(look: dict) -> str:
    return ", ".join(layer["layer"] for layer in look["layers"] if layer["layer"] != "tools") or "-"


def table(lines: list[list[str]]) -> None:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for number, line in enumerate(lines):
        print("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))


def main() -> int:
    step(1, "The emulated site comes up, and its CA is created")
    if not up():
        return 1
    step(2, "Plan: what a run would do")
    code, before = report("before", "plan")
    if code:
        print("\nThe plan has problems; they are above, each with its fix.", file=sys.stderr)
        return 1
    step(3, "The site converges")
    code, rows = report("run", "site")
    if code:
        print("\nThe run failed; the reason is above. 'make demo' goes on from there.", file=sys.stderr)
        return 1
    step(4, "Plan again: nothing is left to do")
    left, after = report("after", "plan", "-e", "edgesite_exit_on_changes=true")
    step(5, "What a removal would take off a host (check mode)")
    removal = play("remove", "-e", "edgesite_hosts=gpu-b", "--check")
    step(6, "The site")
    table(
        [["host", "found", "layers", "plan", "plan after the run"]]
        + [
            [row["host"], row["found"], layers(was), planned(was), planned(now)]
            for row, was, now in zip(rows, before, after)
        ]
    )
    print(NEXT)
    return 1 if left or removal else 0


def down() -> int:
    for socket in CONNECTIONS.glob("*"):
        subprocess.run(
            ["ssh", "-O", "exit", "-o", f"ControlPath={socket}", "-"], stderr=subprocess.DEVNULL, check=False
        )
    for folder in (CONNECTIONS, WORK):
        shutil.rmtree(folder, ignore_errors=True)
    return subprocess.run([LAB, "down", "demo"], check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(down() if sys.argv[1:] == ["down"] else main())
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. 'make demo' goes on from here; 'make demo-down' removes every trace.")
