# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What brings a Jetson to the wanted JetPack: from what jetpack_info finds, without effects."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from ..common import apt, lines
from ..common.apt import Transaction
from ..common.errors import EdgesiteError, Problems
from ..common.lines import Kind
from . import board, jetpack, offer

# The end of the version of a package of L4T, as 36.4.7-20250918154033 or 5.15.148-tegra-36.4.7-20250918154033
_OF_RELEASE = re.compile(r"(?:^|-)(\d+\.\d+\.\d+)-\d{14}\Z", re.ASCII)
_SUITE = Kind(re.compile(r"r[0-9]{1,3}\.[0-9]{1,3}"), "a suite", "Write it like r36.5; docs/jetson.md lists them")
# The last major release of L4T for a chip
_LAST_MAJOR = {"tegra186": 32, "tegra210": 32, "tegra194": 35}
_BOOTLOADER = "nvidia-l4t-bootloader"
_FLASH = "Flash it with SDK Manager or flash.sh, or by NVIDIA's image-based over-the-air update (nv_ota_start.sh)"
# What an initramfs and a capsule for the firmware take beside what apt says
_BESIDE = 200 * apt.MIB


class Wanted(NamedTuple):
    """The role's variables."""

    version: str = ""
    suite: str = ""
    packages: Tuple[str, ...] = ()
    hold: bool = False
    upgrade: str = "none"
    mirror: str = ""


def plan(info: Mapping[str, Any], wanted: Wanted) -> Dict[str, Any]:
    """What is to be done, in the order of the keys. Raises EdgesiteError where it cannot or must not be done.

    sources: new text of the apt sources, None to leave them. upgrade: all packages of the new suite are taken.
    install: packages to add. release: holds of the role's to lift meanwhile. hold: packages to hold afterwards.
    repair: an install that broke off is finished first. words: all of this, by these names.
    """
    check(wanted)
    target = _goal(info, wanted)
    upgrade = _upgrade(info, wanted, target)
    missing = [name for name in wanted.packages if name not in info["installed"]]
    sources = _sources(info, wanted, target)
    keep = sorted(name for name in info["installed"] if wanted.hold and _holdable(name, wanted))
    repair = list(info["broken"]) if target or missing else []
    if upgrade:
        _check_holds(info)
    if upgrade or _BOOTLOADER in repair:
        _check_board(info)
    result: Dict[str, Any] = {
        "repair": repair,
        "sources": sources if sources != (info["apt"]["text"] or "") else None,
        "upgrade": upgrade,
        "install": missing,
        "release": sorted(set(info["held"]) & set(info["held_by_role"])) if upgrade else [],
        "hold": [name for name in keep if name not in info["held"]],
    }
    return {**result, "words": _words(result, info, wanted)}


def check(wanted: Wanted) -> None:
    """Raises EdgesiteError with all that cannot be meant for any Jetson."""
    problems = Problems()
    with problems:
        if wanted.mirror:
            lines.checked("jetpack_mirror", wanted.mirror, lines.URL)
    with problems:
        lines.each("jetpack_packages", wanted.packages, lines.PACKAGE)
    with problems:
        _target(wanted)
    problems.end()


def _goal(info: Mapping[str, Any], wanted: Wanted) -> Optional[Tuple[int, int]]:
    """(36, 5) of the suite that has what is wanted, None where nothing is."""
    target = _target(wanted)
    return _of_later(info, wanted.version) if target is None and wanted.version else target


def _of_later(info: Mapping[str, Any], version: str) -> Tuple[int, int]:
    """The newest suite that is known of the host's major release: what it offers says whether it has the JetPack."""
    l4t = info["l4t"]
    if l4t is None:
        raise _untold()
    there = (l4t["major"], l4t["minor"])
    if info["jetpack"] == version:
        return there
    _check_major(info, version)
    return there[0], max(there[1], board.newest_minor(there[0]))


def _check_major(info: Mapping[str, Any], version: str) -> None:
    own, wanted = info["jetpack"], "JetPack " + version
    if own is None or board.order(own)[0] == board.order(version)[0]:
        return
    if board.order(own) > board.order(version):
        raise _downgrade("JetPack " + own, wanted)
    there = (info["l4t"]["major"], info["l4t"]["minor"])
    raise _major(_release(info), wanted, _major_step(there, (there[0] + 1, 0), info["soc"]))


def _target(wanted: Wanted) -> Optional[Tuple[int, int]]:
    """(36, 5) of the wanted JetPack or suite, None where neither is given, or the JetPack is later than the table."""
    problems = Problems()
    with problems:
        _check_upgrade(wanted)
    with problems:
        of_suite = _of_suite(wanted.suite)
    with problems:
        of_version = _of_version(wanted.version)
    problems.end()
    if of_suite is not None and of_version is not None and of_suite != of_version:
        right = "r{0}.{1}".format(*of_version)
        raise EdgesiteError(
            "jetpack_version {0} is in the suite {1}, but jetpack_suite is {2}".format(
                wanted.version, right, wanted.suite
            ),
            "Remove jetpack_suite, or set it to {0}".format(right),
        )
    return of_suite if of_version is None else of_version


def _check_upgrade(wanted: Wanted) -> None:
    if wanted.upgrade not in ("none", "minor"):
        raise EdgesiteError(
            "jetpack_upgrade is {0}; allowed are none and minor".format(wanted.upgrade),
            "Set jetpack_upgrade: minor for a newer minor release; a major one takes a reflash, see docs/jetson.md",
        )
    if wanted.upgrade != "none" and not wanted.version and not wanted.suite:
        raise EdgesiteError(
            "jetpack_upgrade is minor, but neither jetpack_version nor jetpack_suite is set",
            "Set jetpack_version to a release such as 6.2.2",
        )


def _of_suite(suite: str) -> Optional[Tuple[int, int]]:
    if not suite:
        return None
    first, second = lines.checked("jetpack_suite", suite, _SUITE)[1:].split(".")
    return int(first), int(second)


def _of_version(version: str) -> Optional[Tuple[int, int]]:
    if not version or board.is_later(version):
        return None
    releases = board.releases_of(version)
    if not releases:
        raise EdgesiteError(
            "jetpack_version is {0}, which is not a release of JetPack: {1}, or a later one".format(
                version, ", ".join(board.jetpacks())
            ),
            "Use one of these, or set jetpack_suite to the suite that you want",
        )
    major, minor = releases[0].split(".")[:2]
    return int(major), int(minor)


def _upgrade(info: Mapping[str, Any], wanted: Wanted, target: Optional[Tuple[int, int]]) -> bool:
    """Whether the host has to go to another release. Raises EdgesiteError where it must not, or not by apt."""
    if target is None:
        return False
    l4t = info["l4t"]
    if l4t is None:
        raise _untold()
    judge(l4t, target, info["soc"])
    there = (l4t["major"], l4t["minor"])
    behind = _behind(info)
    same = there == target and (not wanted.version or info["jetpack"] == wanted.version)
    if same and not behind:
        return False
    if not same and there == target and not _newer(info, wanted.version):
        raise _downgrade("JetPack {0}".format(info["jetpack"] or l4t["version"]), "JetPack " + wanted.version)
    if wanted.upgrade != "minor":
        raise EdgesiteError(
            "{0} is installed{1}, and {2} is wanted, but jetpack_upgrade is none".format(
                _release(info),
                " only partly ({0} was not upgraded)".format(", ".join(behind)) if same else "",
                wanted.version or wanted.suite,
            ),
            "Set jetpack_upgrade: minor for this run; the bootloader is upgraded with it, and the host has to reboot",
        )
    return True


def _newer(info: Mapping[str, Any], version: str) -> bool:
    """Whether a JetPack is newer than the host's, which has the same suite."""
    if info["jetpack"]:
        return board.order(version) > board.order(info["jetpack"])
    return board.is_later(version) or version in board.newer_jetpacks(info["l4t"]["version"])


def _release(info: Mapping[str, Any]) -> str:
    l4t = "L4T " + info["l4t"]["version"]
    return "JetPack {0} ({1})".format(info["jetpack"], l4t) if info["jetpack"] else l4t


def _untold() -> EdgesiteError:
    return EdgesiteError(
        "the L4T release of this host is unknown, so JetPack cannot be checked",
        "Run 'apt-get install nvidia-l4t-core' on the host, or flash the module with an image that has it",
    )


def _behind(info: Mapping[str, Any]) -> List[str]:
    """L4T packages of an older release than the host's, as an upgrade leaves them that broke off. Those that somebody
    else held are meant to be so."""
    release = _numbers(info["l4t"]["version"])
    foreign = set(info["held"]) - set(info["held_by_role"])
    found = []
    for name, version in info["installed"].items():
        own = _OF_RELEASE.search(version) if name.startswith("nvidia-l4t-") and name not in foreign else None
        if own and _numbers(own.group(1)) < release:
            found.append(name)
    return found


def judge(l4t: Mapping[str, Any], target: Tuple[int, int], soc: Optional[str] = None) -> None:
    """Whether apt can take this L4T to that release: within a major, and not back. Raises EdgesiteError."""
    there = (l4t["major"], l4t["minor"])
    name = "L4T {0}.{1}".format(*target)
    if target[0] == there[0] and target < there:
        raise _downgrade("L4T " + l4t["version"], name)
    if target[0] < there[0]:
        raise _downgrade("L4T " + l4t["version"], name)
    if target[0] > there[0]:
        raise _major("L4T " + l4t["version"], name, _major_step(there, target, soc))


def _major_step(there: Tuple[int, int], target: Tuple[int, int], soc: Optional[str]) -> str:
    if soc in _LAST_MAJOR and target[0] > _LAST_MAJOR[soc]:
        return "This module ({0}) has no release later than L4T {1}: set jetpack_version to one of its releases".format(
            soc, _LAST_MAJOR[soc]
        )
    if target[0] == 36 and there[0] == 35:
        first = (
            "Bring it to JetPack 5.1.3 (L4T 35.5.0) or a later JetPack 5 first, for a bootloader that can start "
            "JetPack 6: jetpack_version: 5.1.6, jetpack_upgrade: minor. Then flash"
            if there < (35, 5)
            else "The bootloader of L4T 35.5.0 or later, which this one is, can start JetPack 6. Flash"
        )
        return (
            first + " it with SDK Manager or flash.sh, or by NVIDIA's image-based over-the-air update (nv_ota_start.sh)"
        )
    return _FLASH


def _major(there: str, wanted: str, fix: str) -> EdgesiteError:
    return EdgesiteError(
        "{0} is installed and {1} is wanted: apt cannot move to another major release".format(there, wanted), fix
    )


def _downgrade(there: str, wanted: str) -> EdgesiteError:
    return EdgesiteError(
        "{0} is installed and {1} is wanted: apt cannot take a Jetson back to an older release".format(there, wanted),
        "Set jetpack_version to what is installed, or flash the module with the older release",
    )


def _check_holds(info: Mapping[str, Any]) -> None:
    """Raises where somebody else held packages: vendors of carriers do so, since NVIDIA's would break their board."""
    foreign = sorted(set(info["held"]) - set(info["held_by_role"]))
    if foreign:
        raise EdgesiteError(
            "The upgrade has to change packages that are held: {0}".format(", ".join(foreign)),
            "Ask the board's maker whether NVIDIA's packages work on it; if so, run 'apt-mark unhold {0}' on the "
            "host".format(" ".join(foreign)),
        )


def _check_board(info: Mapping[str, Any]) -> None:
    """Raises on a board for which the upgrade would break off half-way."""
    if info["unknown_board"]:
        raise EdgesiteError(
            "the board is {0}, which the package {1} does not know: it would fail, and packages of the kernel after "
            "it".format(info["unknown_board"], _BOOTLOADER),
            "Upgrade this host with the image or the packages of the board's maker, and set jetpack_version to the "
            "release that is installed",
        )


def _holdable(name: str, wanted: Wanted) -> bool:
    return name.startswith(("nvidia-l4t-", "nvidia-jetpack")) or name in wanted.packages


def _sources(info: Mapping[str, Any], wanted: Wanted, target: Optional[Tuple[int, int]]) -> str:
    """The text of the apt sources that is wanted. A mirror alone is that of the suite that is there."""
    text = info["apt"]["text"] or ""
    l4t = info["l4t"]
    if target is None and wanted.mirror:
        if info["apt"]["suite"]:
            return jetpack.with_mirror(text, wanted.mirror)
        if l4t is None:
            raise _untold()
        target = (l4t["major"], l4t["minor"])
    return jetpack.with_suite(text, "r{0}.{1}".format(*target), info["soc"], wanted.mirror) if target else text


def _words(result: Mapping[str, Any], info: Mapping[str, Any], wanted: Wanted) -> Dict[str, str]:
    """What is done, in words, by key; empty for nothing."""
    words = {"repair": "", "sources": "", "upgrade": "", "install": "", "hold": ""}
    origin = " from " + wanted.mirror if wanted.mirror else ""
    if result["repair"]:
        words["repair"] = "finish the interrupted installation of {0}".format(", ".join(result["repair"]))
    if result["sources"] is not None:
        suite = next(line["suite"] for line in jetpack.parse_sources(result["sources"]) if line["enabled"])
        words["sources"] = "use the packages of {0}{1} ({2})".format(suite, origin, jetpack.SOURCES)
    if result["upgrade"]:
        words["upgrade"] = "upgrade {0} to {1}".format(_release(info), wanted.version or wanted.suite)
    if result["install"]:
        words["install"] = "install {0}".format(", ".join(result["install"]))
    if result["hold"]:
        words["hold"] = "hold the packages of L4T and JetPack"
    return words


def check_offer(output: str, wanted: Wanted) -> None:
    """Raises where an upgrade would not end with the wanted JetPack: apt takes the newest L4T that it is offered.

    output: of apt-cache policy, for nvidia-l4t-core and nvidia-jetpack.
    """
    offered = offer.parse(output)
    if offered.l4t is None:
        raise EdgesiteError(
            "the sources offer no nvidia-l4t-core",
            "Set jetpack_mirror to a mirror that has the folder of the chip, such as t234, with the suite",
        )
    if wanted.version in ("", offered.jetpack):
        return
    suite = "r{0}.{1}".format(offered.l4t.major, offered.l4t.minor)
    later = offered.jetpack is not None and board.order(offered.jetpack) > board.order(wanted.version)
    raise EdgesiteError(
        "jetpack_version is {0}, but the suite {1} {2}offers L4T {3}, {4}: apt installs the newest of a suite".format(
            wanted.version,
            suite,
            "has moved on and " if later else "",
            offered.l4t.version,
            "which is JetPack " + offered.jetpack if offered.jetpack else "and no nvidia-jetpack that says what it is",
        ),
        _other_offer(offered.jetpack, suite, wanted.version),
    )


def _other_offer(there: Optional[str], suite: str, version: str) -> str:
    if there is None:
        return "Set jetpack_suite: {0} alone to install that".format(suite)
    if board.is_later(version):
        elsewhere = "set jetpack_suite to the suite that has JetPack {0}"
    else:
        elsewhere = "set jetpack_mirror to a mirror whose newest release is JetPack {0}"
    return 'Set jetpack_version: "{0}" to install that, or '.format(there) + elsewhere.format(version)


def check_transaction(would: Transaction, free_bytes: int) -> None:
    """Raises where apt refuses, keeps back or removes what is of JetPack, or where the disk is too full."""
    kept = [name for name in would.kept if name.startswith("nvidia-")]
    removed = [name for name in would.removed if name.startswith(("nvidia-l4t-", "nvidia-jetpack"))]
    told = [
        *would.problems,
        *(["{0} would be kept back".format(", ".join(kept))] if kept else []),
        *(["{0} would be removed".format(", ".join(removed))] if removed else []),
    ]
    if told:
        raise EdgesiteError(
            "apt cannot bring the host to this JetPack: {0}".format("; ".join(told)),
            "Run 'apt-get --simulate dist-upgrade' on the host to see why; 'apt-mark showhold' lists held packages",
        )
    needed = would.download + would.added
    if needed and needed + _BESIDE > free_bytes:
        raise EdgesiteError(
            "the disk is too full: {0} MiB are needed and {1} MiB are free".format(
                -(-(needed + _BESIDE) // apt.MIB), free_bytes // apt.MIB
            ),
            "Free disk space on the host, for example with 'apt-get clean'",
        )


def check_booted(info: Mapping[str, Any], version: str) -> None:
    """Raises where the host did not come up with this L4T, or its firmware not with the bootloader of it."""
    if info["l4t"] is None or info["l4t"]["version"] != version:
        raise EdgesiteError(
            "after the reboot L4T is {0} instead of {1}".format(info["l4t"] and info["l4t"]["version"], version),
            "Run 'nvbootctrl dump-slots-info' on the host: it may have started the other slot",
        )
    slots = info["slots"]
    if slots and slots["version"] and _numbers(slots["version"]) != _numbers(version):
        raise EdgesiteError(
            "after the reboot L4T is {0}, but the bootloader in slot {1} is still {2} (capsule status {3})".format(
                version, slots["current"], slots["version"], slots["capsule_status"]
            ),
            "The firmware did not accept the capsule: reboot again; on another maker's carrier board, install that "
            "maker's bootloader",
        )


def _numbers(version: str) -> List[int]:
    found = [int(number) for number in re.findall(r"[0-9]+", version)]
    return (found + [0, 0, 0])[:3]
