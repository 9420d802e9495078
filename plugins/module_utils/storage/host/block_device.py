# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads block devices: what is on them, and who uses them. Only ever opens them for reading."""

from __future__ import annotations

import errno
import json
import os
import stat
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

from ...common.errors import EdgesiteError
from ...common.host import limited
from ...common.host.command import Run
from ..places import MIB
from . import programs, survey
from .survey import Filled


class Device(NamedTuple):
    """node: its path in /dev now. kernel: its name in sysfs."""

    node: str
    kernel: str


class Look(NamedTuple):
    """start: its first MiB."""

    size: int
    read_only: bool
    start: bytes


def resolve(path: str) -> Optional[Device]:
    """The block device behind a name in /dev/disk; None where there is none."""
    node = os.path.realpath(path)
    try:
        if not stat.S_ISBLK(os.stat(node).st_mode):
            raise EdgesiteError(
                "{0} is not a block device".format(path),
                "Set device in storage_volumes to the name of a disk or partition",
            )
    except FileNotFoundError:
        return None
    return Device(node, os.path.basename(node))


def look(device: Device) -> Look:
    """Its size and its start."""
    folder = _sys(device.kernel)
    try:
        start = limited.call(device.node, _start, device.node)
    except OSError as error:
        raise survey.unreadable(device.node, error) from error
    return Look(int(_line(folder, "size") or 0) * 512, _line(folder, "ro") == "1", start)


def _start(node: str) -> bytes:
    with open(node, "rb") as stream:
        return stream.read(MIB)


def content(run: Run, device: Device, filled: Sequence[Filled]) -> Tuple[str, ...]:
    """What is on it, in words; empty where no signature and no partition is there, and nothing but zeros was read."""
    found = _signatures(run, device) + _partitions(device)
    if not found and filled:
        found.append(_without_table(run, device, filled[0].offset // MIB))
    return tuple(dict.fromkeys(found))


def _signatures(run: Run, device: Device) -> List[str]:
    answer = programs.ask(run, ["wipefs", "--no-act", "--json", device.node])
    if not answer.ok:
        raise EdgesiteError(
            "wipefs cannot read {0}: {1}".format(device.node, answer.error.strip()),
            "Look for disk errors in dmesg on the host",
        )
    # where it finds nothing, it prints nothing
    entries = json.loads(answer.text)["signatures"] if answer.text.strip() else []
    return [_signature(entry) for entry in entries]


def _signature(entry: Dict[str, Any]) -> str:
    return "{0} '{1}'".format(entry["type"], entry["label"]) if entry.get("label") else str(entry["type"])


def _partitions(device: Device) -> List[str]:
    folder = _sys(device.kernel)
    inside = sorted(os.listdir(folder))
    return ["partition " + name for name in inside if os.path.exists(os.path.join(folder, name, "partition"))]


def _without_table(run: Run, device: Device, mib: int) -> str:
    """What lies there: a file system, for one, whose partition has gone from the table."""
    kind = file_system(run, device.node, mib * MIB) or "data without a signature"
    return "{0} from MiB {1} on, in no partition".format(kind, mib)


def file_system(run: Run, node: str, offset: int = 0) -> str:
    """The file system that begins there; empty for none that blkid knows."""
    asked = programs.ask(run, ["blkid", "--probe", "--offset", str(offset), "-s", "TYPE", "-o", "value", node])
    return asked.text.strip() if asked.ok else ""


def users(device: Device, own: str) -> str:
    """Who uses a device, in words, empty for nobody; the mapping with the name own does not count."""
    own_kernel = mapped(own)
    for kernel, use in _uses().items():
        if kernel != own_kernel and device.kernel in _below(kernel, own_kernel):
            return use
    holders = [name for name in _names(device.kernel, "holders") if name != own_kernel]
    if holders:
        return "held by {0}".format(", ".join(_title(name) for name in holders))
    if own_kernel is not None and own_kernel in _names(device.kernel, "holders"):
        return ""
    try:
        limited.call(device.node, _open_alone, device.node)
    except OSError as error:
        if error.errno == errno.EBUSY:
            return "a program or the kernel keeps it open"
        raise EdgesiteError(
            "cannot open {0}: {1}".format(device.node, error.strerror), "Look for disk errors in dmesg on the host"
        ) from error
    return ""


def _open_alone(node: str) -> None:
    os.close(os.open(node, os.O_RDONLY | os.O_EXCL))


def mapped(name: str) -> Optional[str]:
    """The kernel's name of the device mapper's device with this name; None for none."""
    path = os.path.join("/dev/mapper", name)
    return os.path.basename(os.path.realpath(path)) if os.path.exists(path) else None


def backs(device: Device, mapping: str) -> bool:
    """Whether a mapping lies directly on this device."""
    return device.kernel in _names(mapping, "slaves")


def mounts() -> Dict[str, str]:
    """The source of what is mounted, by mount point; of several the last, which is on top."""
    found: Dict[str, str] = {}
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
        for line in stream:
            left, right = line.split(" - ", 1)
            place = left.split()[4].replace("\\040", " ")
            found[place] = right.split()[1]
    return found


def _uses() -> Dict[str, str]:
    """Each device that is mounted or swapped to, by its kernel's name."""
    found: Dict[str, str] = {}
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
        for line in stream:
            left, right = line.split(" - ", 1)
            number, place = left.split()[2], left.split()[4]
            source = os.path.realpath(right.split()[1])
            for path in (os.path.join("/sys/dev/block", number), source if source.startswith("/dev/") else ""):
                if path and os.path.exists(path):
                    kernel = os.path.basename(os.path.realpath(path))
                    if found.get(kernel) != "mounted at /":
                        found[kernel] = "mounted at " + place
    with open("/proc/swaps", encoding="utf-8") as stream:
        for line in stream.readlines()[1:]:
            found.setdefault(os.path.basename(os.path.realpath(line.split()[0])), "swap")
    return found


def _below(kernel: str, stop: Optional[str]) -> Set[str]:
    """A device and all that it lies on: disks of partitions, and the slaves of device mapper and md."""
    if kernel == stop:
        return set()
    found = {kernel}
    for name in _names(kernel, "slaves"):
        found |= _below(name, stop)
    if _line(_sys(kernel), "partition"):
        found.add(os.path.basename(os.path.dirname(os.path.realpath(_sys(kernel)))))
    return found


def _title(kernel: str) -> str:
    name = _line(_sys(kernel), "dm/name")
    return "{0} ({1})".format(kernel, name) if name else kernel


def _names(kernel: str, kind: str) -> List[str]:
    try:
        return sorted(os.listdir(os.path.join(_sys(kernel), kind)))
    except OSError:
        return []


def _sys(kernel: str) -> str:
    return os.path.join("/sys/class/block", kernel)


def _line(folder: str, name: str) -> str:
    try:
        with open(os.path.join(folder, name), encoding="utf-8") as stream:
            return stream.read().strip()
    except OSError:
        return ""
