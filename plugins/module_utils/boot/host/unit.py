# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads and changes boot units: files below /etc, and systemctl."""

from __future__ import annotations

import os

from ...common.errors import EdgesiteError
from ...common.host import command, owned_files
from ..unit import BootAction, BootUnit, WriteFile

_WANTS = "/etc/systemd/system/multi-user.target.wants/"


def observe(desired: BootUnit) -> BootUnit:
    """The unit as it is on this host; looks at the files that the desired one names."""
    if not desired.unit:
        return desired
    return BootUnit(
        desired.unit,
        {path: owned_files.read_text(path) for path in desired.files},
        is_enabled(desired.unit),
    )


def is_enabled(unit: str) -> bool:
    """Whether a boot unit of ours is enabled."""
    return os.path.islink(_WANTS + unit)


def apply(run: command.Run, action: BootAction) -> None:
    """Does one action. Raises EdgesiteError."""
    if isinstance(action, WriteFile):
        if action.content is None:
            owned_files.remove(action.path)
        else:
            owned_files.write_text(action.path, action.content)
        if action.path.endswith(".service"):
            _systemctl(run, "daemon-reload")
    else:
        _systemctl(run, "enable" if action.enabled else "disable", action.unit)


def _systemctl(run: command.Run, *arguments: str) -> None:
    argv = [command.find("systemctl") or "systemctl", "--quiet"] + list(arguments)
    done = run(argv, timeout=60.0)
    if not done.ok:
        said = (done.error.strip() or done.text.strip()) or "it ended with code {0}".format(done.rc)
        raise EdgesiteError(
            "{0}: {1}".format(" ".join(["systemctl", *argv[1:]]), said),
            "Is systemd running on this host?"
            if done.rc is None
            else "Repair systemd on this host, or set persist: false",
        )
