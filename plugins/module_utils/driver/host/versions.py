# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what the files of NVIDIA's driver say. NVML's own view is in gpu/host/facts.py."""

from __future__ import annotations

import os
import platform
import re
import struct
from dataclasses import dataclass
from typing import Iterable, Iterator, Optional, Tuple

from ...common.host import command, files
from ...gpu.host import driver_container
from .. import home, versions

_LIBRARY = "libnvidia-ml.so.1"
# The loader's own cache: paths, each closed by a NUL
_CACHED = re.compile(rb"(/[^\0]{1,4000}/" + re.escape(_LIBRARY).encode() + rb")\0")
# Where the loader looks without a cache, and where NVIDIA's packages put it apart from that
_LIBRARY_DIRS = (
    "usr/lib/{machine}-linux-gnu",
    "lib/{machine}-linux-gnu",
    "usr/lib64",
    "lib64",
    "usr/lib",
    "lib",
    "usr/lib/{machine}-linux-gnu/nvidia/current",
    "usr/lib/{machine}-linux-gnu/nvidia",
    "usr/local/nvidia/lib64",
)
# Byte 4 of an ELF file: 1 for 32 bits, 2 for 64
_ELF_CLASS = 2 if struct.calcsize("P") == 8 else 1


@dataclass(frozen=True)
class DriverFiles:
    """Versions are None where the part is absent."""

    loaded: Optional[str]
    on_disk: Optional[str]
    user_space: Optional[str]
    flavour: Optional[str]


def read(run: command.Run, has_device: bool, root: str = "/") -> DriverFiles:
    """has_device: whether an NVIDIA device is on the PCI bus. modinfo is a process, so it runs only for a reason."""
    loaded, flavour = read_loaded(root)
    return DriverFiles(
        loaded=loaded,
        on_disk=_on_disk(run) if has_device or loaded or _has_module(root) else None,
        user_space=user_space(root),
        flavour=flavour,
    )


def read_loaded(root: str = "/") -> Tuple[Optional[str], Optional[str]]:
    """Version and flavour of the loaded module."""
    proc = versions.parse_proc_version(files.read_text(os.path.join(root, "proc/driver/nvidia/version")) or "")
    module = files.read_text(os.path.join(root, "sys/module/nvidia/version"))
    return (versions.parse_version(module) if module else None) or proc.version, proc.flavour


def _has_module(root: str) -> bool:
    """Whether depmod knows of the module for the running kernel."""
    known = files.read_bytes(os.path.join(root, "lib/modules", os.uname().release, "modules.dep"))
    return known is not None and b"/nvidia.ko" in known


def _on_disk(run: command.Run) -> Optional[str]:
    program = command.find("modinfo")
    if program is None:
        return None
    result = run([program, "-F", "version", "nvidia"])
    return versions.parse_version(result.text) if result.ok else None


def user_space(root: str = "/") -> Optional[str]:
    """The version of the libnvidia-ml.so.1 that a program would load, else of a driver container's."""
    return _first(_libraries(root)) or _first(driver_container.libraries(root))


def installed_by(root: str = "/") -> Optional[str]:
    """Who brought the driver, where no package did; None where packages did, or nobody."""
    if _is_containers(root):
        return home.CONTAINER
    return home.INSTALLER if os.path.exists(os.path.join(root, "usr/bin/nvidia-uninstall")) else None


def _is_containers(root: str) -> bool:
    """Whether a driver container has the libraries, or the module beside which a host has old ones of its own."""
    there, on_host = _first(driver_container.libraries(root)), _first(_libraries(root))
    return there is not None and (on_host is None or on_host != there == read_loaded(root)[0])


def _first(paths: Iterable[str]) -> Optional[str]:
    for path in paths:
        if _is_native(path):
            return versions.library_version(os.path.realpath(path))
    return None


def _libraries(root: str) -> Iterator[str]:
    cache = files.read_bytes(os.path.join(root, "etc/ld.so.cache")) or b""
    for path in _CACHED.findall(cache):
        yield os.path.join(root, os.fsdecode(path).lstrip("/"))
    for directory in _LIBRARY_DIRS:
        yield os.path.join(root, directory.format(machine=platform.machine()), _LIBRARY)


def _is_native(path: str) -> bool:
    """Whether the library is for this Python's word size: both may be installed."""
    try:
        start = files.read_bytes(path, 5)
    except OSError:
        return False
    return start is not None and start[:4] == b"\x7fELF" and start[4:] == bytes([_ELF_CLASS])
