# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who uses NVIDIA's loaded driver, and which of these are in the way of a reload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Mapping, Optional, Sequence

from ..machine.modules import ModuleUse
from . import parts

PROCESS = "process"
DISPLAY = "display"
SERVICE = "service"
MODULE = "module"

_DISPLAYS = (
    "Xorg",
    "X",
    "Xwayland",
    "gnome-shell",
    "kwin_x11",
    "kwin_wayland",
    "mutter",
    "sway",
    "weston",
    "cage",
    "labwc",
)


@dataclass(frozen=True)
class Holder:
    """A user of the driver. pid is None for a kernel module. blocks: it is in the way of a reload."""

    pid: Optional[int]
    name: Optional[str]
    kind: str
    blocks: bool

    @property
    def label(self) -> str:
        """How it is called in messages."""
        if self.pid is None:
            return "module {0}".format(self.name)
        return "{0} (pid {1})".format(self.name or "a process", self.pid)


def holders(processes: Mapping[int, Optional[str]], modules: Sequence[ModuleUse]) -> List[Holder]:
    """Processes by pid, then modules."""
    found = [_process(pid, processes[pid]) for pid in sorted(processes)]
    return found + [
        _module(use, bool(found)) for use in modules if use.name != parts.MAIN or _is_held(use, bool(found))
    ]


def _module(use: ModuleUse, has_processes: bool) -> Holder:
    return Holder(None, use.name, MODULE, use.name not in parts.MODULES or _is_held(use, has_processes))


def _is_held(use: ModuleUse, has_processes: bool) -> bool:
    """Whether something that cannot be seen holds the module, such as the kernel's console.

    Its count is made of the modules above it and of open files; where a process has files open, that is why.
    """
    return not has_processes and use.count is not None and use.count > len(use.users)


def _process(pid: int, name: Optional[str]) -> Holder:
    base = (name or "").rsplit("/", 1)[-1]
    services = parts.SERVICES.values()
    # the kernel cuts names to 15 characters
    if base and any(service == base or (len(base) == 15 and service.startswith(base)) for service in services):
        return Holder(pid, name, SERVICE, False)
    return Holder(pid, name, DISPLAY if base in _DISPLAYS else PROCESS, True)
