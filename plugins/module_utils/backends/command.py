# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the other backends know of running programs: what to ask for, and what comes back.

Who runs them is said from outside, as a module does it by Ansible's means and a boot unit has none of those.
"""

from __future__ import annotations

import os
import shutil
import threading
from dataclasses import dataclass
from typing import Dict, List, Optional, Protocol, Sequence

# The path of a non-login shell often lacks these
_EXTRA_PATH = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin")


@dataclass(frozen=True)
class Result:
    """What a program did. rc is None where it could not be started or did not end in time; error then says why."""

    rc: Optional[int]
    stdout: bytes
    error: str

    @property
    def ok(self) -> bool:
        """Whether it ended with success."""
        return self.rc == 0

    @property
    def text(self) -> str:
        """Its output as text."""
        return self.stdout.decode("utf-8", "replace")


class Run(Protocol):
    """Runs argv[0], a path from find(), in the locale C, without ever waiting for a person.

    data goes to its standard input, which is empty otherwise. After timeout seconds it is ended.
    """

    def __call__(self, argv: Sequence[str], data: Optional[bytes] = None, timeout: float = 10.0) -> Result:
        """Never raises for what the program does."""
        raise NotImplementedError


def find(program: str) -> Optional[str]:
    """The path of a program, or None."""
    places = os.environ.get("PATH", "").split(os.pathsep) + list(_EXTRA_PATH)
    return shutil.which(program, path=os.pathsep.join(places))


def unanswered(argv: Sequence[str], timeout: float) -> Result:
    """The result of a program that did not end in time."""
    return Result(None, b"", "{0} did not answer within {1:g} s".format(os.path.basename(argv[0]), timeout))


def not_started(argv: Sequence[str], error: OSError) -> Result:
    """The result of a program that could not be started."""
    return Result(None, b"", "{0}: {1}".format(argv[0], error.strerror))


def run_together(run: Run, argv: Sequence[str], inputs: Sequence[bytes]) -> List[Result]:
    """Runs a program once for each input, side by side. The results are in the order of the inputs."""
    results: Dict[int, Result] = {}

    def run_one(number: int) -> None:
        results[number] = run(argv, inputs[number])

    threads = [threading.Thread(target=run_one, args=(number,)) for number in range(len(inputs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[number] for number in range(len(inputs))]
