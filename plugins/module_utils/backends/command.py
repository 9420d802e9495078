# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a program that only reads, without ever waiting for a person."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence

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


def find(program: str) -> Optional[str]:
    """The path of a program, or None."""
    places = os.environ.get("PATH", "").split(os.pathsep) + list(_EXTRA_PATH)
    return shutil.which(program, path=os.pathsep.join(places))


def run(argv: Sequence[str], data: Optional[bytes] = None, timeout: float = 10.0) -> Result:
    """Runs argv[0], a path from find(). data goes to its standard input, which is closed otherwise."""
    stdin = {"stdin": subprocess.DEVNULL} if data is None else {"input": data}
    environment = dict(os.environ, LC_ALL="C", LANGUAGE="C")
    try:
        done = subprocess.run(list(argv), capture_output=True, timeout=timeout, check=False, env=environment, **stdin)
    except subprocess.TimeoutExpired:
        return Result(None, b"", "{0} did not answer within {1:g} s".format(os.path.basename(argv[0]), timeout))
    except OSError as error:
        return Result(None, b"", "{0}: {1}".format(argv[0], error.strerror))
    return Result(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))


def run_together(argv: Sequence[str], inputs: Sequence[bytes]) -> List[Result]:
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
