# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locks and restores the clocks of a Jetson with NVIDIA's jetson_clocks."""

from __future__ import annotations

import os

from ...common.errors import EdgesiteError
from ...common.host import command, owned_files
from ...common.host.command import Run
from ..clocks import STORE

_SECONDS = 60.0


def program() -> str:
    """The path of jetson_clocks. Raises EdgesiteError where the host has none."""
    found = command.find("jetson_clocks")
    if found is None:
        raise EdgesiteError(
            "jetson_clocks is not installed on this host", "Install nvidia-l4t-tools; only Jetsons have it"
        )
    return found


def show(run: Run) -> str:
    """What it tells of clocks and fans. Raises EdgesiteError."""
    return _run(run, "--show")


def stored() -> bool:
    """Whether it is noted what the clocks were before this boot's lock."""
    return os.path.exists(STORE)


def lock(run: Run, fan: bool = False) -> None:
    """Notes the clocks as they are, and locks them; has the fans run at full speed. Raises EdgesiteError."""
    try:
        os.makedirs(os.path.dirname(STORE), exist_ok=True)
    except OSError as error:
        raise EdgesiteError(
            "cannot create {0}: {1}".format(os.path.dirname(STORE), error.strerror),
            "Run the task as root (become: true)",
        ) from error
    # It would ask whether it may overwrite one.
    owned_files.remove(STORE)
    _run(run, "--store", STORE)
    _run(run, *(["--fan"] if fan else []))


def restore(run: Run) -> None:
    """Puts back what was noted. Raises EdgesiteError."""
    _run(run, "--restore", STORE)
    owned_files.remove(STORE)


def _run(run: Run, *arguments: str) -> str:
    done = run([program(), *arguments], timeout=_SECONDS)
    if not done.ok:
        said = " ".join((done.error + " " + done.text).split()) or "it exited with code {0}".format(done.rc)
        raise EdgesiteError(
            "{0}: {1}".format(" ".join(["jetson_clocks", *arguments]), said), "Run it as root on the host to see more"
        )
    return done.text
