# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the packages of NVIDIA's driver are called: one table, by distribution and by who made the packages.

Debian's names are from its archive (12 and 13), Ubuntu's from packages.ubuntu.com, NVIDIA's from its Driver
Installation Guide (compute-only and desktop installation; from branch 590 on its names for Ubuntu are without the
branch).
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from ..common.errors import EdgesiteError
from .versions import OPEN, PROPRIETARY

DISTRIBUTION = "distribution"
NVIDIA = "nvidia"

DEBIAN = "debian"
UBUNTU = "ubuntu"
RHEL = "rhel"

RELEASES: Dict[str, Tuple[str, ...]] = {DEBIAN: ("12", "13"), UBUNTU: ("22.04", "24.04"), RHEL: ("9", "10")}
CODENAMES = {"12": "bookworm", "13": "trixie", "22.04": "jammy", "24.04": "noble"}
_RHEL_LIKE = ("rhel", "rocky", "almalinux", "centos", "ol")
# The kernel that a release of Ubuntu began with; another one is of its hardware enablement stack
_UBUNTU_FIRST_KERNEL = {"22.04": "5.15.", "24.04": "6.8."}
# From here on NVIDIA's packages for Ubuntu do not carry the branch in their names
_UNBRANCHED_FROM = 590
# From here on the RPM of the fabric manager is called as the .deb
_FABRIC_RENAMED_FROM = 580

_KERNEL_PACKAGE = re.compile(
    r"(nvidia(-open)?-kernel(-open)?-dkms|nvidia-dkms(-[0-9]+.*|-open)?|linux-modules-nvidia-.*"
    r"|nvidia-headless-no-dkms-.*|kmod-nvidia-.*)\Z"
)
_DRIVER_PACKAGE = re.compile(
    r"(lib)?nvidia|libcuda|libnvcuvid|libnvoptix|linux-(modules|objects|signatures)-nvidia|firmware-nvidia|kmod-nvidia"
    r"|cuda-drivers|cuda-compat|xserver-xorg-video-nvidia|lib[a-z0-9]+-nvidia|glx-(alternative|diversions)|update-glx"
)
_BRANCH = re.compile(r"-([3-9][0-9]{2})(?=-|\Z)")

# What has NVIDIA's name but is not of the driver
_OTHERS = (
    "nvidia-container*",
    "libnvidia-container*",
    "nvidia-docker*",
    "nvidia-l4t-*",
    "nvidia-jetpack*",
    "nvidia-cuda*",
    "nvidia-cudnn*",
    "nvidia-cg-*",
    "nvidia-fs*",
    "nvidia-opencl-dev",
    "nvidia-openjdk*",
    "nvidia-profiler",
    "nvidia-visual-profiler",
    "nvidia-nsight*",
    "nvidia-tensorrt*",
    "nvidia-vaapi-driver",
    "nvidia-vpi*",
    "boinc-*",
    "hashcat-*",
    "libnvidia-ml-dev*",
    "nvidia-repo*",
    # firmware that comes with nouveau, and a library that comes with Wayland
    "firmware-nvidia-graphics",
    "nvidia-gpu-firmware",
    "libnvidia-egl-wayland*",
    "nvidia-driver-local-repo*",
    "mate-sensors-*",
)


@dataclass(frozen=True)
class System:
    """A host's distribution."""

    family: str
    release: str
    machine: str

    @property
    def apt(self) -> bool:
        """Whether packages are .debs."""
        return self.family != RHEL

    @property
    def codename(self) -> str:
        """Of Debian and Ubuntu."""
        return CODENAMES[self.release]


@dataclass(frozen=True)
class Names:
    """Names of packages, with {branch} and {kernel} to be put in."""

    kernel: Mapping[str, Tuple[str, ...]]
    user: Tuple[str, ...]
    full: Mapping[str, Tuple[str, ...]]
    persistenced: Tuple[str, ...]
    fabric: Optional[str]
    # what has a version of its own
    loose: Tuple[str, ...] = ()
    dkms: bool = True


@dataclass(frozen=True)
class Wanted:
    """Packages of one driver. strict: of the driver's own version. loose: of any version."""

    strict: Tuple[str, ...]
    loose: Tuple[str, ...]
    dkms: bool

    @property
    def names(self) -> Tuple[str, ...]:
        """All of them."""
        return self.strict + self.loose


_TABLE: Dict[Tuple[str, str], Names] = {
    (DEBIAN, DISTRIBUTION): Names(
        kernel={OPEN: ("nvidia-open-kernel-dkms",), PROPRIETARY: ("nvidia-kernel-dkms",)},
        user=("nvidia-smi", "libnvidia-ml1", "libcuda1"),
        full={OPEN: ("nvidia-driver",), PROPRIETARY: ("nvidia-driver",)},
        persistenced=("nvidia-persistenced",),
        fabric=None,
        loose=("nvidia-persistenced",),
    ),
    (DEBIAN, NVIDIA): Names(
        kernel={OPEN: ("nvidia-kernel-open-dkms",), PROPRIETARY: ("nvidia-kernel-dkms",)},
        user=("nvidia-driver-cuda",),
        full={OPEN: ("nvidia-open",), PROPRIETARY: ("cuda-drivers",)},
        persistenced=("nvidia-persistenced",),
        fabric="nvidia-fabricmanager-{branch}",
        loose=("nvidia-persistenced",),
    ),
    (UBUNTU, DISTRIBUTION): Names(
        kernel={
            OPEN: (
                "nvidia-headless-no-dkms-{branch}-server-open",
                "linux-modules-nvidia-{branch}-server-open-{kernel}",
            ),
            PROPRIETARY: ("nvidia-headless-no-dkms-{branch}-server", "linux-modules-nvidia-{branch}-server-{kernel}"),
        },
        user=("nvidia-utils-{branch}-server", "libnvidia-compute-{branch}-server"),
        full={OPEN: ("nvidia-driver-{branch}-server-open",), PROPRIETARY: ("nvidia-driver-{branch}-server",)},
        persistenced=("nvidia-compute-utils-{branch}-server",),
        fabric="nvidia-fabricmanager-{branch}",
        # these have the kernel's version
        loose=(
            "linux-modules-nvidia-{branch}-server-open-{kernel}",
            "linux-modules-nvidia-{branch}-server-{kernel}",
        ),
        dkms=False,
    ),
    (UBUNTU, NVIDIA): Names(
        kernel={OPEN: ("nvidia-dkms-{branch}-open",), PROPRIETARY: ("nvidia-dkms-{branch}",)},
        user=("nvidia-utils-{branch}", "libnvidia-compute-{branch}"),
        full={OPEN: ("nvidia-open-{branch}",), PROPRIETARY: ("cuda-drivers-{branch}",)},
        persistenced=("nvidia-compute-utils-{branch}",),
        fabric="nvidia-fabricmanager-{branch}",
    ),
    (RHEL, NVIDIA): Names(
        kernel={OPEN: ("kmod-nvidia-open-dkms",), PROPRIETARY: ("kmod-nvidia-latest-dkms",)},
        user=("nvidia-driver-cuda",),
        full={OPEN: ("nvidia-open",), PROPRIETARY: ("cuda-drivers",)},
        persistenced=("nvidia-persistenced",),
        fabric="nvidia-fabricmanager",
    ),
}


def system(host: Mapping[str, Optional[str]]) -> System:
    """host: id, version_id and architecture as in os-release and uname."""
    name = str(host.get("id") or "").lower()
    family = RHEL if name in _RHEL_LIKE else name
    release = str(host.get("version_id") or "")
    if family in (RHEL, DEBIAN):
        release = release.split(".", maxsplit=1)[0]
    if release not in RELEASES.get(family, ()):
        raise EdgesiteError(
            "The role driver does not support {0} {1}; it supports Debian 12 and 13, Ubuntu 22.04 and 24.04, RHEL 9 "
            "and 10, and their derivatives".format(name or "this system", release or "of unknown version"),
            "Install the driver by other means, and remove driver_branch and driver_version for this host",
        )
    return System(family, release, str(host.get("architecture") or "x86_64"))


def wanted(
    on: System,
    made_by: str,
    branch: str,
    flavour: str,
    headless: bool,
    persistenced: bool,
    nvswitch: bool,
    kernel: str,
) -> Wanted:
    """The packages of a driver. kernel: release of the kernel that boots next."""
    names = _TABLE.get((on.family, made_by))
    if names is None:
        raise EdgesiteError(
            "driver_source distribution: RHEL and its derivatives have no packages of NVIDIA's driver",
            "Set driver_source: nvidia, or driver_source: mirror on a site without internet",
        )
    chosen = names.kernel[flavour] + names.user
    if not headless:
        chosen += names.full[flavour]
    if persistenced:
        chosen += names.persistenced
    if nvswitch:
        chosen += (_fabric(on, names, branch),)
    strict = [name for name in chosen if name not in names.loose]
    loose = [name for name in chosen if name in names.loose]
    return Wanted(
        strict=tuple(_named(on, made_by, name, branch, kernel) for name in strict),
        loose=tuple(_named(on, made_by, name, branch, kernel) for name in loose),
        dkms=names.dkms,
    )


def _fabric(on: System, names: Names, branch: str) -> str:
    if names.fabric is None:
        raise EdgesiteError(
            "The host has NVSwitches, but {0} has no fabric manager, whose version has to match the driver's "
            "exactly".format(on.family.capitalize()),
            "Set driver_source: nvidia, or driver_source: mirror with NVIDIA's packages",
        )
    if on.family == RHEL and int(branch) < _FABRIC_RENAMED_FROM:
        return "nvidia-fabric-manager"
    return names.fabric


def _named(on: System, made_by: str, name: str, branch: str, kernel: str) -> str:
    if made_by == NVIDIA and int(branch) >= _UNBRANCHED_FROM:
        name = name.replace("-{branch}", "")
    return name.format(branch=branch, kernel=_ubuntu_kernel(on, kernel))


def _ubuntu_kernel(on: System, kernel: str) -> str:
    """The end of the name of the package that follows this kernel's updates."""
    flavour = kernel.rpartition("-")[2] or "generic"
    first = _UBUNTU_FIRST_KERNEL.get(on.release, "")
    if flavour == "generic" and first and not kernel.startswith(first):
        return "generic-hwe-" + on.release
    return flavour


def headers(on: System, kernel: str) -> List[str]:
    """The packages that modules for a kernel are built with; for Debian's kernels also what follows their updates."""
    if on.family == RHEL:
        return ["kernel-devel-" + kernel]
    names = ["linux-headers-" + kernel]
    found = re.search(r"-((?:cloud-|rt-)?(?:amd64|arm64))\Z", kernel)
    if on.family == DEBIAN and found:
        names.append("linux-headers-" + found.group(1))
    return names


def in_the_way(names: Sequence[str], want: Wanted) -> List[str]:
    """Installed kernel module packages of another flavour or branch."""
    kept = tuple(name + "-" for name in want.names)
    stems = tuple(name.rpartition("-")[0] for name in want.names if name.startswith("linux-modules-nvidia-"))
    return [
        name
        for name in names
        if _KERNEL_PACKAGE.match(name)
        and name not in want.names
        and not name.startswith(kept)
        and not any(re.match(re.escape(stem) + r"-[0-9]", name) for stem in stems)
    ]


def is_driver_package(name: str) -> bool:
    """Whether a package may go when the driver changes."""
    return bool(_DRIVER_PACKAGE.match(name)) and not is_other(name)


def branch_in_name(name: str) -> Optional[str]:
    """As 580 of libnvidia-compute-580-server and linux-modules-nvidia-580-open-generic; None where there is none."""
    found = _BRANCH.search(name)
    return found.group(1) if found else None


def is_other(name: str) -> bool:
    """Whether a package has NVIDIA's name but is not of the driver, as the container toolkit."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in _OTHERS)
