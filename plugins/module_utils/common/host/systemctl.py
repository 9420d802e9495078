# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd, by way of systemctl: the only place that runs it."""

from __future__ import annotations

from typing import Dict, List, Sequence

from ..errors import EdgesiteError
from . import command
from .command import Result, Run

# A unit may take its whole TimeoutStopSec to stop, which is 90 s where it says nothing.
SECONDS = 120.0
_NO_SYSTEMD = "Check that systemd is running on this host"
_ACTIVE = ("active", "activating", "reloading")


def do(run: Run, verb: str, *units: str, options: Sequence[str] = (), fix: str = "") -> None:
    """Changes something. Raises EdgesiteError; fix: what to do about it, where that is known better than here."""
    done = run([command.find("systemctl") or "systemctl", verb, *options, *units], timeout=SECONDS)
    if not done.ok:
        said = (done.error.strip() or done.text.strip()) or "it exited with code {0}".format(done.rc)
        look = fix or "Run 'journalctl {0}' on the host".format(" ".join("-u " + unit for unit in units) or "-b")
        raise EdgesiteError(
            "systemctl {0}: {1}".format(" ".join([verb, *units]), said), _NO_SYSTEMD if done.rc is None else look
        )


def version(run: Run) -> str:
    """What systemd says of its version; empty where there is none."""
    return _run(run, "--version").text if command.find("systemctl") else ""


def clear_failure(run: Run, unit: str) -> None:
    """Lets a unit that has failed too often be started again; for others this does nothing."""
    _run(run, "reset-failed", unit)


def active(run: Run, units: Sequence[str]) -> List[str]:
    """Those of the units that run, or are about to; none where systemd does not answer."""
    if not units:
        return []
    answers = _run(run, "is-active", *units).text.split()
    return [unit for unit, answer in zip(units, answers) if answer in _ACTIVE]


def failed(run: Run, unit: str) -> bool:
    """Whether a unit has failed."""
    return _run(run, "is-failed", "--quiet", unit).ok


def show(run: Run, properties: Sequence[str], units: Sequence[str]) -> List[Dict[str, str]]:
    """The properties of each unit, of systemd itself where none is named. Raises EdgesiteError."""
    answer = _run(run, "show", "--property", ",".join(properties), *units)
    blocks = [block for block in answer.text.strip().split("\n\n") if block]
    if not answer.ok or len(blocks) != max(len(units), 1):
        said = answer.error.strip() or "it reported other units"
        raise EdgesiteError("systemctl show failed: {0}".format(said), _NO_SYSTEMD)
    return [dict(_property(line) for line in block.splitlines()) for block in blocks]


def _property(line: str) -> Sequence[str]:
    name, _equals, value = line.partition("=")
    return name, value


def _run(run: Run, *arguments: str) -> Result:
    return run([command.find("systemctl") or "systemctl", *arguments])
