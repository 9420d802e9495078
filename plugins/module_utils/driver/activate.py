# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an installed driver comes to run: by a reload, by a reboot, or not yet; and what a failure left of it."""

from __future__ import annotations

from typing import Any, Mapping, Optional, Sequence, Tuple

from ..common.errors import EdgesiteError
from .actions import Reload
from .parts import ABSENT, COMPUTE, MAIN, MODULES, RUNNING
from .verdict import BROKEN, OK, REBOOT, RELOAD


def reload(info: Mapping[str, Any], services: Sequence[str]) -> Optional[Reload]:
    """What has the modules on disk loaded without a reboot; None where nothing is to be done, or only a reboot helps.

    services: those that are to run with the driver.
    """
    if info["verdict"] != RELOAD:
        return None
    loaded = loaded_modules(info)
    stop = [name for name, state in info["services"].items() if state == RUNNING]
    version = next((module["version"] for module in info["on_disk"] if module["running"]), None)
    return Reload(
        stop=tuple(stop),
        unload=loaded,
        load=tuple(name for name in reversed(MODULES) if name in loaded or name in COMPUTE),
        start=tuple(sorted({*stop, *(name for name in services if info["services"].get(name) != ABSENT)})),
        does="load the driver's kernel modules without a reboot",
        version=version,
    )


def loaded_modules(info: Mapping[str, Any]) -> Tuple[str, ...]:
    """The loaded modules of the driver, in the order in which they can be unloaded."""
    if not info["loaded"]:
        return ()
    names = {holder["name"] for holder in info["holders"] if holder["kind"] == "module"} | {MAIN}
    return tuple(name for name in MODULES if name in names)


def check(info: Mapping[str, Any]) -> None:
    """Raises where neither a reload nor a reboot has the driver work."""
    if info["verdict"] not in (OK, RELOAD, REBOOT):
        raise EdgesiteError(
            "The driver is {0}: {1}".format(info["verdict"], " ".join(info["reasons"])), info["fix"] or ""
        )


def waits(info: Mapping[str, Any]) -> str:
    """Why the driver waits for a reboot; empty where it does not."""
    if info["verdict"] not in (RELOAD, REBOOT):
        return ""
    return " ".join([*info["reasons"], info["fix"] or ""]).strip()


def outcome(info: Mapping[str, Any], before: Mapping[str, Any], begun: bool, repaired: bool = False) -> str:
    """What an installation that failed left behind.

    begun: packages of the driver were changed already. repaired: an earlier installation was finished before.
    """
    if not begun and repaired:
        return "An interrupted installation was completed as far as possible; nothing else was changed."
    if not begun:
        return "Nothing was changed."
    old, new = before["user_space"], info["user_space"]
    if old and new == old and info["verdict"] == before["verdict"] != BROKEN:
        return "The driver {0} is installed as before, and its state is {1}.".format(old, info["verdict"])
    why = " ".join(info["reasons"])
    return "The driver's state is now {0}: {1} Run again when the cause is fixed.".format(info["verdict"], why)
