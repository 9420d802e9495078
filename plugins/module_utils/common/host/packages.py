# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What package managers share: waiting for others, limits of time, room on disks, and what they are at."""

from __future__ import annotations

import os
from typing import Callable, Dict, NamedTuple, Sequence, Tuple

from .. import limits
from ..errors import EdgesiteError, sentence
from ..unanswered import Unanswered
from .command import Result, Run

Note = Callable[[str], None]


class Patience(NamedTuple):
    """Seconds that one command may take, and that another program is waited for; both with the option that says so."""

    command: float
    command_option: str
    lock: float
    lock_option: str

    @classmethod
    def of(cls, command: int, command_option: str, lock: int, lock_option: str) -> Patience:
        """As users set it. Raises EdgesiteError where nobody could wait for so long."""
        return cls(
            limits.timeout(command_option, command), command_option, limits.timeout(lock_option, lock), lock_option
        )


class Program:
    """Runs a package manager's programs, and notes what they are at."""

    def __init__(self, run: Run, note: Note, patience: Patience, environment: Dict[str, str]) -> None:
        self._run = run
        self._note = note
        self._patience = patience
        self._environment = environment

    def __call__(self, argv: Sequence[str], doing: str) -> Result:
        """What it did. Raises EdgesiteError where it takes longer than one command may."""
        self._note(doing)
        try:
            return self._run(
                argv,
                timeout=self._patience.command,
                environment=self._environment,
                heard=lambda block: self._say(doing, block),
            )
        except Unanswered as error:
            raise EdgesiteError(
                error.problem + ", and was stopped",
                "If it was only slow, for example building kernel modules, set {0} higher. {1}".format(
                    self._patience.command_option, sentence(error.fix)
                ),
            ) from error

    def _say(self, doing: str, block: bytes) -> None:
        lines = [line.strip() for line in block.decode("utf-8", "replace").splitlines() if line.strip()]
        if lines:
            self._note("{0}: {1}".format(doing, lines[-1][:120]))


def room(folders: Sequence[str]) -> Dict[str, Tuple[str, int]]:
    """The mount point of each folder, or of what is to hold it, and its free bytes."""
    found = {}
    for folder in folders:
        there = os.path.realpath(folder)
        while not os.path.isdir(there):
            there = os.path.dirname(there)
        disk = os.statvfs(there)
        while not os.path.ismount(there):
            there = os.path.dirname(there)
        found[folder] = (there, disk.f_bavail * disk.f_frsize)
    return found
