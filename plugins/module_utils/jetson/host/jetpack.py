# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what a Jetson's JetPack is: packages, holds, sources and locks of apt, boot slots, what waits for a reboot."""

from __future__ import annotations

import contextlib
import glob
import os
import time
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ...common import lines
from ...common.errors import EdgesiteError
from ...common.host import apt, command, files, systemctl
from ...common.host.command import Run
from ...common.reading import unread
from .. import bootloader, jetpack
from ..jetpack import Package
from . import board as jetson

# Packages that the role holds; others are held by somebody else.
HOLDS = "/etc/edgesite-gpu/jetpack-holds"
CDI = "/etc/cdi/nvidia.yaml"
INFO = "/var/lib/dpkg/info"
BOOT_CONTROL = "/etc/nv_boot_control.conf"
# With this file NVIDIA's packages leave the firmware as it is.
NO_FIRMWARE = "/opt/nvidia/l4t-packages/.nv-l4t-disable-boot-fw-update-in-preinstall"
# Container runtimes by their name for nvidia-ctk and systemd, with program and configuration
RUNTIMES = (
    ("docker", "dockerd", "/etc/docker/daemon.json"),
    ("containerd", "containerd", "/etc/containerd/config.toml"),
)
# Packages that a CDI file is made of
_IN_CDI = ("nvidia-l4t-", "nvidia-container-toolkit")
_QUERY = "${Package}\t${Version}\t${db:Status-Want}\t${db:Status-Status}\n"


def read(run: Run) -> Dict[str, Any]:
    """Everything of jetpack_info. Raises EdgesiteError on anything but a Jetson."""
    reading = jetson.read(run)
    board = reading.value
    if board is None:
        raise EdgesiteError("this host is not a Jetson", "Set variables of the role jetpack for Jetsons only")
    missing: List[Dict[str, Any]] = list(reading.unread)
    known = packages(run, missing)
    return {
        "l4t": board["l4t"],
        "jetpack": board["jetpack"],
        "model": board["model"],
        "module": board["module"],
        "soc": board["soc"],
        "board": jetson.board(),
        "unknown_board": _unknown_board(),
        "nvpmodel": {"mode": board["power_mode"], "modes": board["power_modes"]},
        "packages": jetpack.parts(known),
        "installed": {package.name: package.version for package in known if package.whole},
        "held": [package.name for package in known if package.held],
        "held_by_role": (files.read_text(HOLDS) or "").split(),
        "broken": [package.name for package in known if not package.whole],
        "apt": _apt(),
        "slots": _slots(run, missing),
        "container_toolkit": _container_toolkit(known),
        "disk_free_bytes": free(),
        "reboot_required": _waits_for_reboot(run, known),
        "unread": missing,
    }


def _unknown_board() -> Optional[str]:
    if os.path.exists(NO_FIRMWARE):
        return None
    script = files.read_text(os.path.join(INFO, "nvidia-l4t-bootloader.postinst"))
    return bootloader.unknown_board(files.read_text(BOOT_CONTROL) or "", script or "")


def packages(run: Run, missing: List[Dict[str, Any]]) -> Tuple[Package, ...]:
    """Those of L4T and JetPack, and all that are not whole."""
    done = run([command.find("dpkg-query") or "dpkg-query", "-W", "-f", _QUERY], timeout=60.0)
    if not done.ok:
        missing.append(
            unread(
                "packages",
                "dpkg-query: {0}".format(done.error.strip() or done.rc),
                "Repair dpkg: run 'dpkg --configure -a' on the host",
            )
        )
    return jetpack.parse_packages(done.text)


def _apt() -> Dict[str, Any]:
    text = files.read_text(jetpack.SOURCES)
    sources = jetpack.parse_sources(text or "")
    enabled = [source for source in sources if source["enabled"]]
    return {
        "suite": next((source["suite"] for source in enabled or sources), None),
        "sources": sources,
        "commented": bool(sources) and len(enabled) < len(sources),
        "text": text,
        "locked_by": [{"pid": pid, "name": name} for pid, name in apt.lockers()],
    }


def _slots(run: Run, missing: List[Dict[str, Any]]) -> Optional[Dict[str, Any]]:
    program = command.find("nvbootctrl")
    if program is None:
        return None
    done = run([program, "dump-slots-info"])
    slots = jetpack.parse_slots(done.text)
    if slots is None:
        missing.append(
            unread("slots", (done.error or done.text).strip() or "no answer", "Run the task as root (become: true)")
        )
    return slots


def _changed(name: str) -> float:
    """When dpkg last unpacked a package, 0 for never."""
    try:
        return os.stat(os.path.join(INFO, name + ".list")).st_mtime
    except OSError:
        return 0.0


def _container_toolkit(packages: Sequence[Package]) -> Dict[str, Any]:
    if command.find("nvidia-ctk") is None:
        return {"installed": False, "cdi_stale": False, "unconfigured": None}
    cdi = jetpack.makes_cdi(jetpack.parts(packages)["container_toolkit"])
    return {"installed": True, "cdi_stale": cdi and _cdi_stale(packages), "unconfigured": unconfigured()}


def _cdi_stale(packages: Sequence[Package]) -> bool:
    """Whether containers would be given files of another L4T than the host's, or in the way of another toolkit."""
    try:
        made = os.stat(CDI).st_mtime
    except OSError:
        return True
    return any(_changed(package.name) > made for package in packages if package.name.startswith(_IN_CDI))


def stamp_cdi() -> None:
    """Has the CDI file be younger than the packages that it was made of, also where the clock is behind."""
    newest = max((os.stat(path).st_mtime for path in glob.glob(os.path.join(INFO, "nvidia-*.list"))), default=0.0)
    with contextlib.suppress(OSError):
        os.utime(CDI, (max(newest, time.time()),) * 2)


def unconfigured() -> Optional[str]:
    """The host's container runtime, where it does not know NVIDIA's. The containerd below Docker does not have to."""
    for name, program, conf in RUNTIMES:
        if command.find(program):
            places = [conf, *glob.glob(os.path.join(os.path.dirname(conf), "conf*.d", "*.toml"))]
            known = any("nvidia-container-runtime" in (files.read_text(place) or "") for place in places)
            return None if known else name
    return None


def _waits_for_reboot(run: Run, packages: Sequence[Package]) -> bool:
    booted = _booted_at(run)
    return booted is not None and any(_changed(one.name) > booted for one in packages if jetpack.booted(one.name))


def _booted_at(run: Run) -> Optional[float]:
    """When systemd started, by the clock of now: a Jetson's clock may have been wrong then."""
    told: Dict[str, str] = {}
    with contextlib.suppress(EdgesiteError):
        told = systemctl.show(run, ["UserspaceTimestampMonotonic"], [])[0]
    number = lines.as_int(told.get("UserspaceTimestampMonotonic", ""))
    return time.time() - time.monotonic() + number / 1e6 if number else None


def free() -> int:
    """Bytes free where packages are unpacked."""
    disk = os.statvfs("/usr")
    return disk.f_bavail * disk.f_frsize
