# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What apt's programs print, whatever is installed."""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, NamedTuple, Sequence, Tuple

from .errors import EdgesiteError

MIB = 2**20
_INSTALLS = ("NEW packages will be installed", "packages will be upgraded", "packages will be DOWNGRADED")
_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9}
# In English, which the backend sees to
_LOCKED = re.compile(
    r"Could not get lock|Unable to acquire|Unable to lock|Failed to lock|is another process using it"
    r"|locked by another process"
)


class Transaction(NamedTuple):
    """What apt would do. problems: why it cannot. installed, held, removed, kept: packages that it would install (also
    in another version), change though they are held, remove, and keep back. download, added: bytes that it still has to
    get, and that the disk then has less."""

    problems: Tuple[str, ...]
    installed: Tuple[str, ...]
    held: Tuple[str, ...]
    removed: Tuple[str, ...]
    kept: Tuple[str, ...]
    download: int
    added: int


def transaction(output: str) -> Transaction:
    """output: of apt-get --assume-no, both of its streams."""
    lines = output.splitlines()
    # It ends as it was told to, which it calls an error.
    errors = [line[3:] for line in lines if line.startswith("E: ") and "abort" not in line.lower()]
    unmet = [" ".join(line.split()) for line in lines if "Depends:" in line or "Conflicts:" in line]
    return Transaction(
        tuple(errors + unmet),
        tuple(name for heading in _INSTALLS for name in _listed(lines, heading)),
        _listed(lines, "held packages will be changed"),
        _listed(lines, "packages will be REMOVED"),
        _listed(lines, "packages have been kept back"),
        _size(lines, "Need to get "),
        _size(lines, "After this operation, "),
    )


def _listed(lines: Sequence[str], heading: str) -> Tuple[str, ...]:
    """Packages under one of apt's headings."""
    found: List[str] = []
    inside = False
    for line in lines:
        if line.startswith("The following ") and heading in line:
            inside = True
        elif inside and line.startswith(" "):
            found += [name.rstrip("*") for name in line.split()]
        else:
            inside = False
    return tuple(found)


def _size(lines: Sequence[str], begin: str) -> int:
    """Bytes in a sentence of apt's; 0 where space is freed or nothing is to be got."""
    for line in lines:
        if line.startswith(begin) and "freed" not in line:
            # "Need to get 24.1 kB/145 MB of archives": what is still to be got comes first
            found = re.search(r"(\d[\d,]*(?:\.\d+)?) ?([kMG]?B)", line[len(begin) :], re.ASCII)
            if found:
                return int(float(found.group(1).replace(",", "")) * _UNITS[found.group(2)])
    return 0


def check_space(needs: Mapping[str, int], room: Mapping[str, Tuple[str, int]], what: str) -> None:
    """Raises where a disk has too little room; what lies on one disk is added up.

    needs: bytes by folder. room: the mount point of each folder, and its free bytes.
    """
    wanted: Dict[str, int] = {}
    for folder, need in needs.items():
        mount = room[folder][0]
        wanted[mount] = wanted.get(mount, 0) + need
    free = dict(room.values())
    short = [
        "{0} has {1} MiB free and needs {2}".format(mount, free[mount] // MIB, -(-need // MIB))
        for mount, need in wanted.items()
        if free[mount] < need
    ]
    if short:
        raise EdgesiteError(
            "The disk is too full for {0}: {1}".format(what, "; ".join(short)),
            "Free disk space there ('df -h' shows the disks)",
        )


def offered(madison: str) -> Dict[str, List[str]]:
    """Versions by package, the newest first, as apt-cache madison lists them."""
    found: Dict[str, List[str]] = {}
    for line in madison.splitlines():
        fields = [word.strip() for word in line.split("|")]
        if len(fields) == 3 and not fields[2].endswith("Sources"):
            versions = found.setdefault(fields[0], [])
            if fields[1] not in versions:
                versions.append(fields[1])
    return found


def locked(complaint: str) -> bool:
    """Whether another program has a lock of apt's or dpkg's."""
    return bool(_LOCKED.search(complaint))


def complaints(output: str) -> Tuple[str, ...]:
    """What apt, dpkg and DKMS complain about, each thing once."""
    found: List[str] = []
    lines = output.splitlines()
    for place, line in enumerate(lines):
        if line.startswith(("E: ", "W: ")):
            found.append(line[3:])
        elif line.startswith("Err:"):
            # the reason is in the next line
            found.append(" ".join([line.partition(" ")[2], *_indented(lines, place)]))
        elif line.startswith(("dpkg: error", "Error! ")):
            found.append(" ".join([line.partition(" ")[2], *_indented(lines, place)]))
        elif re.match(r"ERROR| (unable|cannot|failed) ", line) and not any(line.strip() in told for told in found):
            # of the packages' own programs
            found.append(line.strip())
    return tuple(dict.fromkeys(found))


def _indented(lines: Sequence[str], place: int) -> List[str]:
    following = lines[place + 1] if place + 1 < len(lines) else ""
    return [following.strip()] if following.startswith(" ") else []
