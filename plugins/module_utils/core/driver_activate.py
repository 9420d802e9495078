# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an installed driver comes to run: by a reload, by a reboot, or not yet."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence

OK = "ok"
RELOAD = "reload"
REBOOT = "reboot"
WAIT = "wait"
FAIL = "fail"

# Services of the driver, by the name of their process; they end before it is unloaded and start after
_UNITS = {"nvidia-persistenced": "nvidia-persistenced.service", "nv-fabricmanager": "nvidia-fabricmanager.service"}
# In the order in which they can be unloaded
_MODULES = ("nvidia_drm", "nvidia_modeset", "nvidia_uvm", "nvidia_peermem", "nvidia_fs", "nvidia")


def activation(info: Mapping[str, Any], allow_reboot: bool, local: bool, reloaded: bool = False) -> Dict[str, Any]:
    """What is to be done for the driver on disk to run.

    local: the controller is the host itself, which cannot reboot it and look afterwards. reloaded: that was tried.
    """
    verdict = info["verdict"]
    how = {"ok": OK, "reload_required": RELOAD, "reboot_required": REBOOT}.get(verdict, FAIL)
    if how == RELOAD and reloaded:
        how = REBOOT
    if how == REBOOT and (local or not allow_reboot):
        how = WAIT
    return {
        "how": how,
        "units": _units(info),
        "unload": _unload(info),
        "does": _does(how, info),
        "why": " ".join([*info["reasons"], info["fix"] or ""]).strip(),
    }


def _units(info: Mapping[str, Any]) -> List[str]:
    return sorted({_UNITS[holder["name"]] for holder in info["holders"] if holder["name"] in _UNITS})


def _unload(info: Mapping[str, Any]) -> List[str]:
    if not info["loaded"]:
        return []
    loaded = {holder["name"] for holder in info["holders"] if holder["kind"] == "module"} | {"nvidia"}
    return [name for name in _MODULES if name in loaded]


def _does(how: str, info: Mapping[str, Any]) -> str:
    version = next((module["version"] for module in info["on_disk"] if module["running"]), None)
    if how == RELOAD:
        return "load kernel module {0} without a reboot".format(version or "nvidia")
    return "reboot into the installed driver" if how == REBOOT else ""


def end(
    result: Mapping[str, Any], info: Mapping[str, Any], found: Mapping[str, Any], done: Sequence[str]
) -> Dict[str, Any]:
    """The role's result once the driver was brought to run, or could not be. found: the last activation()."""
    failed = found["how"] in (FAIL, RELOAD)
    return {
        "changed": bool(result["changed"] or done),
        "failed": failed,
        "msg": "The driver is {0}: {1}".format(info["verdict"], found["why"]) if failed else found["why"],
        "actions": [*result["actions"], *({"does": does} for does in done)],
        "reboot_required": found["how"] == WAIT,
        "verdict": info["verdict"],
        "version": info["user_space"],
    }


def outcome(info: Mapping[str, Any], before: Mapping[str, Any], begun: bool) -> str:
    """What an installation that failed left behind. begun: packages were changed already."""
    if not begun:
        return "Nothing was changed."
    old, new = before["user_space"], info["user_space"]
    if old and new == old and info["verdict"] == before["verdict"] != "broken":
        return "The driver {0} is there as before, and its state is {1}.".format(old, info["verdict"])
    why = " ".join(info["reasons"])
    return "The driver's state is now {0}: {1} Run this again when the cause is mended.".format(info["verdict"], why)
