# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NVIDIA's kernel driver: what the files around it say, and whether its parts fit together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional, Tuple

OPEN = "open"
PROPRIETARY = "proprietary"
# the word of gpu/nvml_errors for NVML's own finding
NVML_MISMATCH = "lib_rm_version_mismatch"

_VERSION = re.compile(r"\d+(?:\.\d+)+", re.ASCII)
_LIBRARY = re.compile(r"libnvidia-ml\.so\.(\d+(?:\.\d+)+)\Z", re.ASCII)


@dataclass(frozen=True)
class ProcVersion:
    """/proc/driver/nvidia/version, which exists while the module is loaded."""

    version: Optional[str]
    flavour: Optional[str]


def parse_proc_version(text: str) -> ProcVersion:
    """The first line names the flavour and the version; the next ones the compiler, with a version of its own."""
    for line in text.splitlines():
        if line.startswith("NVRM version:"):
            found = _VERSION.search(line)
            flavour = OPEN if "Open Kernel Module" in line else PROPRIETARY
            return ProcVersion(found.group() if found else None, flavour)
    return ProcVersion(None, None)


def parse_version(text: str) -> Optional[str]:
    """A text that is nothing but a driver version, as in /sys/module/nvidia/version."""
    found = _VERSION.fullmatch(text.strip())
    return found.group() if found else None


def first_version(text: str) -> Optional[str]:
    """The first driver version in what a program prints."""
    found = _VERSION.search(text)
    return found.group() if found else None


def library_version(real_path: str) -> Optional[str]:
    """The version in the real name of libnvidia-ml.so.1."""
    found = _LIBRARY.search(real_path)
    return found.group(1) if found else None


def mismatch(
    loaded: Optional[str], on_disk: Optional[str], user_space: Optional[str], nvml_status: Optional[str]
) -> Optional[str]:
    """Why the driver's parts do not fit together, or None. What is absent cannot mismatch."""
    if loaded and user_space and loaded != user_space:
        return "kernel module {0} is loaded, but the libraries are {1}".format(loaded, user_space)
    if loaded and on_disk and loaded != on_disk:
        return "kernel module {0} is loaded, but the one on disk is {1}".format(loaded, on_disk)
    if not loaded and on_disk and user_space and on_disk != user_space:
        return "kernel module {0} is on disk, but the libraries are {1}".format(on_disk, user_space)
    if nvml_status == NVML_MISMATCH:
        return "NVML says that the loaded kernel module and the libraries have different versions"
    return None


def driver_version(package_version: str) -> str:
    """NVIDIA's version in a package's: without epoch and revision."""
    return package_version.rpartition(":")[2].partition("-")[0]


def order(version: str) -> Tuple[int, ...]:
    """Versions in order."""
    return tuple(int(part) for part in re.findall(r"[0-9]+", version))
