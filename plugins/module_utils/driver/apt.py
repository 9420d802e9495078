# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What apt's programs print, and what it means for the driver."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Any, Dict, List, Mapping, Sequence, Set, Tuple

from ..common.errors import EdgesiteError, sentence
from .packages import is_driver_package
from .versions import driver_version, order

_MIB = 2**20
# What DKMS needs to build the modules, and an initramfs made anew, beside what apt says
_BUILD = 700 * _MIB
_BOOT = 150 * _MIB
# How timeout(1) exits where it ended the program, by SIGTERM and by SIGKILL
_ENDED = (124, 137)
_MORE_TIME = "If it was only slow, such as building the modules, set driver_package_timeout higher."
_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9}


def choose(madison: str, plan: Mapping[str, Any]) -> List[str]:
    """Arguments for apt: each package with the version to install. madison: output of apt-cache madison."""
    offered = _offered(madison)
    chosen = _version(offered, plan)
    arguments = []
    for name in plan["strict"]:
        versions = [version for version in offered[name] if driver_version(version) == chosen]
        arguments.append("{0}={1}".format(name, versions[0]))
    lacking = [name for name in plan["headers"][:1] if name not in offered]
    if lacking:
        raise EdgesiteError(
            "{0} has to be installed, as the driver's modules are built with it, and no source of packages has "
            "it".format(lacking[0]),
            "Boot a kernel that the sources have headers for, or add the source that the kernel came from",
        )
    # what follows a kernel's updates is not everywhere
    optional = set(plan["headers"][1:])
    return arguments + [name for name in plan["loose"] if name in offered or name not in optional]


def _offered(madison: str) -> Dict[str, List[str]]:
    """Versions by package, the newest first, as apt lists them."""
    found: Dict[str, List[str]] = {}
    for line in madison.splitlines():
        fields = [word.strip() for word in line.split("|")]
        if len(fields) == 3 and not fields[2].endswith("Sources"):
            versions = found.setdefault(fields[0], [])
            if fields[1] not in versions:
                versions.append(fields[1])
    return found


def _version(offered: Mapping[str, Sequence[str]], plan: Mapping[str, Any]) -> str:
    """The newest version of the driver that fits and that all packages have."""
    fitting = {name: _fitting(offered.get(name, ()), plan["glob"]) for name in plan["strict"]}
    lacking = [name for name in plan["strict"] if not fitting[name]]
    common = set.intersection(*fitting.values())
    if lacking or not common:
        raise EdgesiteError(
            "{0} is not to be had{1}: {2}".format(
                plan["words"],
                "" if lacking else " as a whole",
                "; ".join(_told(name, offered.get(name, ())) for name in lacking or plan["strict"]),
            ),
            "Set driver_branch or driver_version to what there is, or another driver_source; where a mirror is being "
            "filled, wait until it is complete",
        )
    return max(common, key=order)


def _fitting(versions: Sequence[str], glob: str) -> Set[str]:
    return {driver_version(full) for full in versions if fnmatchcase(full, glob)}


def _told(name: str, versions: Sequence[str]) -> str:
    return "{0} is there as {1}".format(name, ", ".join(versions)) if versions else "there is no package " + name


def check_transaction(output: str, held: Sequence[str]) -> None:
    """Raises where apt refuses, or would change what is not the role's. output: of apt-get --assume-no.

    held: packages that the role holds itself.
    """
    errors = [line[3:] for line in output.splitlines() if line.startswith("E: ")]
    unmet = [line.strip() for line in output.splitlines() if "Depends:" in line or "Conflicts:" in line]
    if errors or unmet:
        raise EdgesiteError(
            "apt cannot install the driver: {0}".format(" ".join(errors + unmet)),
            "Packages that are held are in 'apt-mark showhold'; nothing was installed",
        )
    foreign = [name for name in _listed(output, "held packages will be changed") if name.partition(":")[0] not in held]
    if foreign:
        raise EdgesiteError(
            "To install the driver apt would change packages that somebody holds: {0}".format(", ".join(foreign)),
            "Find out why ('apt-mark showhold'), then 'apt-mark unhold' them; nothing was installed",
        )
    strangers = [name for name in _listed(output, "packages will be REMOVED") if not is_driver_package(name)]
    if strangers:
        raise EdgesiteError(
            "To install the driver apt would remove {0}".format(", ".join(strangers)),
            "Find out why with 'apt-get install --simulate' on the host; nothing was installed",
        )


def _listed(output: str, heading: str) -> List[str]:
    """Packages under one of apt's headings."""
    found: List[str] = []
    inside = False
    for line in output.splitlines():
        if line.startswith("The following ") and heading in line:
            inside = True
        elif inside and line.startswith(" "):
            found += [name.rstrip("*") for name in line.split()]
        else:
            inside = False
    return found


def check_space(output: str, free: str, dkms: bool) -> None:
    """Raises where a disk has too little room. free: output of df --output=target,avail -B1 for the folders.

    The folders, in this order: apt's archives, /usr, /var/lib, /boot. What lies on one disk is added up.
    """
    download, added = _size(output, "Need to get "), _size(output, "After this operation, ")
    needs = [download, added, _BUILD if dkms else 0, _BOOT]
    rows = [line.rsplit(None, 1) for line in free.splitlines()[1:]]
    wanted: Dict[str, int] = {}
    room: Dict[str, int] = {}
    for need, (target, available) in zip(needs, rows):
        wanted[target] = wanted.get(target, 0) + need
        room[target] = int(available)
    short = [
        "{0} has {1} MiB free and needs {2}".format(target, room[target] // _MIB, -(-wanted[target] // _MIB))
        for target in wanted
        if room[target] < wanted[target]
    ]
    if short:
        raise EdgesiteError("The disk is too full for the driver: {0}".format("; ".join(short)), "Free space there")


def _size(output: str, begin: str) -> int:
    """Bytes in a sentence of apt's; 0 where space is freed or nothing is to be got."""
    for line in output.splitlines():
        if line.startswith(begin) and "freed" not in line:
            # "Need to get 24.1 kB/145 MB of archives": what is still to be got comes first
            found = re.search(r"(\d[\d,]*(?:\.\d+)?) ?([kMG]?B)", line[len(begin) :], re.ASCII)
            if found:
                return int(float(found.group(1).replace(",", "")) * _UNITS[found.group(2)])
    return 0


def error_lines(output: str) -> Tuple[str, ...]:
    """What apt, dpkg and DKMS complain about, each thing once."""
    found: List[str] = []
    lines = output.splitlines()
    for place, line in enumerate(lines):
        if line.startswith(("E: ", "W: ")):
            found.append(line[3:])
        elif line.startswith(("dpkg: error", "Error! ")):
            # the reason is in the next line
            more = lines[place + 1] if place + 1 < len(lines) and lines[place + 1].startswith(" ") else ""
            found.append(line.partition(" ")[2] + more)
    return tuple(dict.fromkeys(found))


def failure(result: Mapping[str, Any]) -> str:
    """What failed, from the result of a task: what the programs said where they ran, else the task's own message."""
    late = _late(result)
    if late:
        return late
    printed = "\n".join(str(result.get(name) or "") for name in ("stdout", "stderr"))
    return " ".join(sentence(line) for line in error_lines(printed)) or str(result.get("msg") or "The task failed.")


def _late(result: Mapping[str, Any]) -> str:
    """What is said of a program that took too long: Ansible gave up the task, or timeout(1) ended the program."""
    if result.get("timedout"):
        return "{0} It may still run on the host: look with 'ps -ef | grep -E \"apt|dpkg|dnf|rpm\"'. {1}".format(
            sentence(str(result.get("msg") or "The task took too long")), _MORE_TIME
        )
    argv = list(result.get("cmd") or [])
    if argv[:1] == ["timeout"] and result.get("rc") in _ENDED:
        return "{0} did not answer within {1} s, and was ended. {2}".format(_program(argv), argv[2], _MORE_TIME)
    return ""


def _program(argv: Sequence[str]) -> str:
    """The program that timeout(1) runs, after its own options and those of env(1)."""
    return next(word for word in argv[3:] if word != "env" and "=" not in word)
