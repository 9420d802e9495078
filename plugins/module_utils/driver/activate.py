# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an installed driver comes to run: by a reload, by a reboot, or not yet."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Set

from .parts import ABSENT, COMPUTE, MAIN, MODULES, RUNNING

OK = "ok"
RELOAD = "reload"
REBOOT = "reboot"
WAIT = "wait"
FAIL = "fail"


def activation(
    info: Mapping[str, Any], services: Sequence[str], allow_reboot: bool, local: bool, reloaded: bool = False
) -> Dict[str, Any]:
    """What is to be done for the driver on disk to run.

    services: those that are to run with it. local: the controller is the host itself, which cannot reboot it and look
    afterwards. reloaded: that was tried.
    """
    verdict = info["verdict"]
    how = {"ok": OK, "reload_required": RELOAD, "reboot_required": REBOOT}.get(verdict, FAIL)
    if how == RELOAD and reloaded:
        how = REBOOT
    if how == REBOOT and (local or not allow_reboot):
        how = WAIT
    stop = [name for name, state in info["services"].items() if state == RUNNING]
    loaded = _loaded(info)
    return {
        "how": how,
        "services": list(services),
        "stop": stop,
        "start": sorted({*stop, *(name for name in services if info["services"].get(name) != ABSENT)}),
        "unload": [name for name in MODULES if name in loaded],
        "load": [name for name in reversed(MODULES) if name in loaded or name in COMPUTE],
        "does": _does(how, info),
        "why": " ".join([*info["reasons"], info["fix"] or ""]).strip(),
    }


def _loaded(info: Mapping[str, Any]) -> Set[str]:
    if not info["loaded"]:
        return set()
    return {holder["name"] for holder in info["holders"] if holder["kind"] == "module"} | {MAIN}


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
    msg = _state(info, found) if failed else found["why"]
    idle = [name for name in found["services"] if info["services"].get(name) != RUNNING] if found["how"] == OK else []
    if idle:
        msg = "The driver works, but {0} does not run. Look at 'journalctl -u {1}' on the host.".format(
            " and ".join(idle), idle[0]
        )
    return {
        "changed": bool(result["changed"] or done),
        "failed": failed or bool(idle),
        "msg": msg,
        "actions": [*result["actions"], *({"does": does} for does in done)],
        "reboot_required": found["how"] == WAIT,
        "verdict": info["verdict"],
        "version": info["user_space"],
    }


def foreseen(
    result: Mapping[str, Any], info: Mapping[str, Any], found: Mapping[str, Any], installs: bool
) -> Dict[str, Any]:
    """The role's result in check mode.

    found: the activation() of the driver as it is. installs: a run would install another, and load that.
    """
    loads = bool(found["does"]) and not installs
    actions: List[Dict[str, str]] = [*result["actions"], *([{"does": found["does"]}] if loads else [])]
    ailing = found["how"] != OK
    return {
        "changed": bool(actions),
        # what is still to be done may mend it
        "failed": found["how"] == FAIL and not actions,
        "msg": _state(info, found) if ailing else found["why"],
        "actions": actions,
        "reboot_required": found["how"] == WAIT,
    }


def _state(info: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    return "The driver is {0}: {1}".format(info["verdict"], found["why"])


def outcome(info: Mapping[str, Any], before: Mapping[str, Any], begun: bool, repaired: bool = False) -> str:
    """What an installation that failed left behind.

    begun: packages of the driver were changed already. repaired: an earlier installation was finished before.
    """
    if not begun and repaired:
        return "An installation that had broken off earlier was finished where that could be; nothing else was changed."
    if not begun:
        return "Nothing was changed."
    old, new = before["user_space"], info["user_space"]
    if old and new == old and info["verdict"] == before["verdict"] != "broken":
        return "The driver {0} is there as before, and its state is {1}.".format(old, info["verdict"])
    why = " ".join(info["reasons"])
    return "The driver's state is now {0}: {1} Run this again when the cause is mended.".format(info["verdict"], why)
