# SPDX-License-Identifier: GPL-3.0-or-later
"""Running commands: as root where that is needed, with their output kept for error messages."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from .errors import LabError
from .progress import heartbeat

TAIL_LINES = 15


def ask_for_password() -> None:
    """Lets sudo ask while it has the terminal: the commands that follow run in process groups of their own."""
    if os.geteuid() != 0 and shutil.which("sudo"):
        subprocess.run(["sudo", "-v"], check=False)


def as_root(command: Sequence[str]) -> list[str]:
    """The command, through sudo where we are not root."""
    if os.geteuid() == 0:
        return list(command)
    if not shutil.which("sudo"):
        raise LabError(
            "the lab needs root for its containers, and sudo is not installed", "install sudo or run as root"
        )
    return ["sudo", *command]


def run(
    command: Sequence[str],
    *,
    check: bool = True,
    stdin: bytes | None = None,
    timeout: float | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a short command and give back its result; a failure becomes an error that shows the command's words.

    Ctrl-C waits for the command: podman, broken off, leaves containers half made and addresses taken.
    """
    try:
        running = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(env or {})},
            process_group=0,
        )
    except FileNotFoundError as error:
        raise LabError(f"{command[0]} is not installed") from error
    try:
        out, err = running.communicate(stdin, timeout=timeout)
    except subprocess.TimeoutExpired as error:
        running.kill()
        running.communicate()
        raise LabError(f"no answer within {timeout:.0f} s from: {' '.join(command)}") from error
    except KeyboardInterrupt:
        running.communicate()
        raise
    result = subprocess.CompletedProcess(
        command, running.returncode, out.decode(errors="replace"), err.decode(errors="replace")
    )
    if check and result.returncode != 0:
        words = (result.stderr.strip() or result.stdout.strip()).splitlines()[-TAIL_LINES:]
        raise LabError(f"failed with status {result.returncode}: {' '.join(command)}\n  " + "\n  ".join(words))
    return result


def run_long(step: str, command: Sequence[str], *, env: Mapping[str, str] | None = None) -> None:
    """Run a command of many seconds: its last line shows in the heartbeat, its tail in the error."""
    with tempfile.NamedTemporaryFile(prefix="edgelab-", suffix=".log") as log:

        def last_line() -> str:
            lines = Path(log.name).read_text(errors="replace").strip().splitlines()
            return lines[-1][:100] if lines else ""

        with heartbeat(step, last_line):
            try:
                status = subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    check=False,
                    env={**os.environ, **(env or {})},
                ).returncode
            except FileNotFoundError as error:
                raise LabError(f"{step}: {command[0]} is not installed") from error
        if status != 0:
            tail = Path(log.name).read_text(errors="replace").strip().splitlines()[-TAIL_LINES:]
            raise LabError(f"{step}: failed with status {status}; the end of its log:\n  " + "\n  ".join(tail))
