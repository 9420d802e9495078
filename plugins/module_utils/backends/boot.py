# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads and changes boot units: files below /etc, and systemctl."""

from __future__ import annotations

import os
import subprocess

from ..core.boot import BootAction, BootUnit, WriteFile
from ..core.errors import EdgesiteError
from . import owned_files

_WANTS = "/etc/systemd/system/multi-user.target.wants/"


def observe(desired: BootUnit) -> BootUnit:
    """The unit as it is on this host; looks at the files that the desired one names."""
    return BootUnit(
        desired.unit,
        {path: owned_files.read_text(path) for path in desired.files},
        os.path.islink(_WANTS + desired.unit),
    )


def apply(action: BootAction) -> None:
    """Does one action. Raises EdgesiteError."""
    if isinstance(action, WriteFile):
        if action.content is None:
            owned_files.remove(action.path)
        else:
            owned_files.write_text(action.path, action.content)
        if action.path.endswith(".service"):
            _systemctl("daemon-reload")
    else:
        _systemctl("enable" if action.enabled else "disable", action.unit)


def _systemctl(*arguments: str) -> None:
    command = ["systemctl", "--quiet"] + list(arguments)
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EdgesiteError("{0}: {1}".format(" ".join(command), error), "Is systemd running on this host?") from error
    if done.returncode:
        raise EdgesiteError(
            "{0}: {1}".format(" ".join(command), done.stdout.decode(errors="replace").strip()),
            "Repair systemd on this host, or set persist: false",
        )
