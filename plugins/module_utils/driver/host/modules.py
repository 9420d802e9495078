# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes which kernel modules are loaded, and what an initramfs has."""

from __future__ import annotations

from typing import Optional, Sequence

from ...common.errors import EdgesiteError
from ...common.host import command, modprobe, systemctl
from ...common.host.command import Run
from ..actions import Reload

# All kernels of a host, one after the other
_INITRAMFS_SECONDS = 1800.0
_INITRAMFS = (
    ("update-initramfs", ("-u", "-k", "all")),
    ("dracut", ("--force", "--regenerate-all")),
)


def rebuild_initramfs(run: Run) -> None:
    """Of every kernel. A host without the programs has no initramfs. Raises EdgesiteError."""
    for name, arguments in _INITRAMFS:
        program = command.find(name)
        if program:
            done = run([program, *arguments], timeout=_INITRAMFS_SECONDS)
            if not done.ok:
                raise EdgesiteError(
                    "{0}: {1}".format(name, done.error.strip() or "it exited with code {0}".format(done.rc)),
                    "Run 'df /boot' on the host: the disk may be full",
                )
            return


def reload(run: Run, action: Reload) -> Optional[str]:
    """Puts the modules on disk in the place of the loaded ones; why that could not be, or None.

    The services run again afterwards, whichever modules are loaded.
    """
    try:
        for name in action.stop:
            systemctl.do(run, "stop", name + ".service")
        if action.unload:
            modprobe.do(run, "--remove", *action.unload)
        if action.load:
            modprobe.do(run, "--all", *action.load)
    except EdgesiteError as error:
        return error.problem
    finally:
        _start(run, action.start)
    return None


def _start(run: Run, names: Sequence[str]) -> None:
    """Whether they run is seen later."""
    for name in names:
        try:
            systemctl.do(run, "start", name + ".service")
        except EdgesiteError:
            continue
