# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes a driver away from a host, with all that this collection keeps there for it."""

from __future__ import annotations

from typing import Any, List, Mapping

from ..common.effects import Link, MaskUnit, WriteFile
from ..common.errors import EdgesiteError
from . import files as driver_files
from . import packages, parts
from .actions import Action, Hold, RebuildInitramfs, Reload, Remove, note, triggers
from .activate import loaded_modules
from .plan import Situation

# dnf's own, and what goes with the holds
_OTHERS = (driver_files.DNF_STREAM, driver_files.HOLDS, driver_files.INITRAMFS, driver_files.TRANSACTION)


def plan(now: Situation, allow_reboot: bool) -> List[Action]:
    """Raises EdgesiteError where the driver is in use, or packages of it are held by somebody else.

    allow_reboot: the host may reboot, which ends what uses the driver.
    """
    info = now.info
    names = tuple(sorted(name for name in now.packages if packages.is_driver_package(name)))
    foreign = sorted(set(names) & set(now.held_by_others))
    if foreign:
        raise EdgesiteError(
            "Packages are held, and not by edgesite.gpu: {0}".format(", ".join(foreign)),
            "If nobody needs them held, run 'apt-mark unhold {0}' or 'dnf versionlock delete {0}'".format(
                " ".join(foreign)
            ),
        )
    in_use = [str(holder["name"]) for holder in info["holders"] if holder.get("blocks")]
    if info["loaded"] and in_use and not allow_reboot:
        raise EdgesiteError(
            "The driver is in use: {0}".format(", ".join(in_use)), "Stop these, or set edgesite_allow_reboot: true"
        )
    actions: List[Action] = []
    if info["loaded"] and not in_use:
        actions.append(_unload(info))
    if now.held or now.files.get(driver_files.HOLDS) is not None:
        actions.append(Hold(tuple(now.held), False, note((), now)))
    if names:
        actions.append(Remove(names, tuple(now.named(name) for name in names), bool(info["loaded"] and in_use)))
    else:
        actions += triggers(now)
    rebuilt = now.files.get(driver_files.NOUVEAU) is not None
    if rebuilt:
        does = "note that the initramfs has to be rebuilt"
        there = now.files.get(driver_files.INITRAMFS)
        actions.append(WriteFile(driver_files.INITRAMFS, "nouveau\n", there, does=does))
    actions += [MaskUnit(name + ".service", False) for name, state in info["services"].items() if state == parts.MASKED]
    actions += [Link(path, None, target) for path, target in now.links.items() if target is not None]
    actions += [
        WriteFile(path, None, text) for path, text in now.files.items() if text is not None and path not in _OTHERS
    ]
    if rebuilt or now.files.get(driver_files.INITRAMFS) is not None:
        actions.append(RebuildInitramfs())
    return actions


def _unload(info: Mapping[str, Any]) -> Reload:
    running = tuple(name for name, state in info["services"].items() if state == parts.RUNNING)
    return Reload(running, loaded_modules(info), (), (), "unload the kernel modules")
