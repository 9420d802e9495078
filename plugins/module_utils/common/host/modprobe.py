# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""modprobe: the only place that runs it."""

from __future__ import annotations

from ..errors import EdgesiteError
from . import command
from .command import Run

SECONDS = 120.0


def do(run: Run, what: str, *more: str) -> None:
    """Loads or unloads modules. what: an option, or the one module that is loaded. Raises EdgesiteError."""
    done = run([command.find("modprobe") or "modprobe", what, *more], timeout=SECONDS)
    if not done.ok:
        said = done.error.strip() or "it exited with code {0}".format(done.rc)
        raise EdgesiteError("modprobe {0}: {1}".format(what, said))
