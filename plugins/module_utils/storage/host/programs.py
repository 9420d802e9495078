# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the programs that make and open encrypted volumes.

Keys are in a folder of /run that only root can enter, for as long as a program reads them, or in its environment, and
nowhere else.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from typing import Any, Dict, Iterator, Sequence

from ...common.errors import EdgesiteError
from ...common.host import command
from ...common.host.command import Result, Run

# In memory, and gone with a reboot
_PRIVATE = "/run"
# A slow TPM, or a machine that is emulated
SECONDS = 70.0
_PAUSES = (1.0, 2.0, 4.0)


def do(run: Run, argv: Sequence[str], **more: Any) -> None:
    """Runs a program that has to succeed."""
    done = patient(run, argv, **more)
    if not done.ok:
        raise EdgesiteError(
            "{0} failed: {1}".format(argv[0], last_line(done)),
            "Fix what it names, and run the playbook again; 'journalctl -b' on the host may say more",
        )


def patient(run: Run, argv: Sequence[str], timeout: float = SECONDS, **more: Any) -> Result:
    """Runs a program, and again where it did not get as far as the TPM, which may be busy with others."""
    for pause in _PAUSES:
        done = ask(run, argv, timeout=timeout, **more)
        if done.ok or "Failed to create TPM2 context" not in done.error:
            return done
        time.sleep(pause)
    return ask(run, argv, timeout=timeout, **more)


def ask(run: Run, argv: Sequence[str], timeout: float = SECONDS, **more: Any) -> Result:
    """Runs a program once."""
    return run([_path_of(argv[0]), *argv[1:]], timeout=timeout, **more)


def _path_of(name: str) -> str:
    """Where a program is."""
    path = command.find(name)
    if path is None:
        raise EdgesiteError(
            "{0} is not installed on this host".format(name),
            "Install the package that has it: wipefs, blkid and mount are in util-linux",
        )
    return path


def last_line(result: Result) -> str:
    """What a program said last of what was wrong."""
    lines = [line.strip() for line in result.error.splitlines() if line.strip()]
    return lines[-1] if lines else "it exited with code {0} and said nothing".format(result.rc)


@contextlib.contextmanager
def files(**contents: bytes) -> Iterator[Dict[str, str]]:
    """Files with these contents, by name."""
    with tempfile.TemporaryDirectory(dir=_PRIVATE, prefix="edgesite-gpu-") as folder:
        paths = {}
        for name, data in contents.items():
            paths[name] = os.path.join(folder, name)
            with open(os.open(paths[name], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.write(data)
        yield paths
