# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What identifies a Jetson: its module, L4T and JetPack releases, and power modes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import List, Optional

from .nvpmodel_conf import Conf

# L4T release -> JetPack. Sources: NVIDIA's JetPack archive and L4T release notes.
_JETPACK = {
    (35, 1, 0): "5.0.2",
    (35, 2, 1): "5.1",
    (35, 3, 1): "5.1.1",
    (35, 4, 1): "5.1.2",
    (35, 5, 0): "5.1.3",
    (35, 6, 0): "5.1.4",
    (35, 6, 1): "5.1.5",
    (35, 6, 2): "5.1.5",
    (35, 6, 3): "5.1.5",
    (35, 6, 4): "5.1.6",
    (36, 3, 0): "6.0",
    (36, 4, 0): "6.1",
    (36, 4, 3): "6.2",
    (36, 4, 4): "6.2.1",
    (36, 4, 7): "6.2.1",
    (36, 5, 0): "6.2.2",
    (36, 5, 2): "6.2.3",
    (38, 4, 0): "7.1",
    (39, 2, 0): "7.2",
    (39, 2, 1): "7.2.1",
}
# Releases of which every patch is the same JetPack, as far as is known
_JETPACK_OF_MINOR = {(38, 2): "7.0"}

_PART = re.compile(r"p\d{4}-\d{4}", re.ASCII)
_SOC = re.compile(r"nvidia,(tegra\d+)\Z", re.ASCII)
_TEGRA_RELEASE = re.compile(r"^#\s*R(\d+)\s*\(release\),\s*REVISION:\s*(\d+(?:\.\d+)*)", re.ASCII)
_PACKAGE = re.compile(r"^(\d+)\.(\d+(?:\.\d+)*)(?:-|\Z)", re.ASCII)
# 6.2.2+b24, 7.2-b184
_META = re.compile(r"(\d{1,4}(?:\.\d{1,4})+)(?=[-+~]|\Z)", re.ASCII)
_STATUS = re.compile(r"\bpmode:(\d+)", re.ASCII)
_QUERY = re.compile(r"NV Power Mode:[ \t]*(\S+)\s*\n\s*(\d+)", re.ASCII)


@dataclass(frozen=True)
class L4t:
    """An L4T release: 36.4.7 has release R36 and revision 4.7."""

    release: str
    revision: str
    version: str
    major: int
    minor: int
    patch: int


@dataclass(frozen=True)
class PowerMode:
    """A mode of nvpmodel. Ids are not portable between modules; names are what users mean."""

    id: int
    name: Optional[str]


def is_jetson(compatible: List[str]) -> bool:
    """Whether the device tree's `compatible` is that of a Tegra."""
    return soc(compatible) is not None


def strings(data: bytes) -> List[str]:
    """A device tree property that holds strings, each closed by a NUL."""
    return [part.decode("ascii", "replace") for part in data.split(b"\0") if part]


def soc(compatible: List[str]) -> Optional[str]:
    """tegra234 and the like."""
    for entry in compatible:
        found = _SOC.match(entry)
        if found:
            return found.group(1)
    return None


def module_part(compatible: List[str]) -> Optional[str]:
    """The part number of the module.

    The first entry is `nvidia,CARRIER+MODULE` on boards with both; older developer kits have one number for the kit.
    """
    for entry in compatible:
        parts = _PART.findall(entry)
        if parts:
            return str(parts[-1])
    return None


def parse_tegra_release(text: str) -> Optional[L4t]:
    """The first line of /etc/nv_tegra_release. Its BOARD is `generic` everywhere and so is not read."""
    found = _TEGRA_RELEASE.match(text)
    return _l4t(found.group(1), found.group(2)) if found else None


def parse_package_version(text: str) -> Optional[L4t]:
    """The version of the package nvidia-l4t-core, such as 36.5.0-20260115194252."""
    found = _PACKAGE.match(text.strip())
    return _l4t(found.group(1), found.group(2)) if found else None


def _l4t(release: str, revision: str) -> L4t:
    numbers = [int(part) for part in revision.split(".")] + [0]
    return L4t(
        release="R" + release,
        revision=revision,
        version="{0}.{1}".format(release, revision),
        major=int(release),
        minor=numbers[0],
        patch=numbers[1],
    )


def jetpack(l4t: L4t, package: str = "") -> Optional[str]:
    """The JetPack that has this L4T: by the table, and for a release that is not in it by its package.

    package: the version of nvidia-jetpack. A suite has several releases of L4T, and the newest package for all of them.
    """
    exact = _JETPACK.get((l4t.major, l4t.minor, l4t.patch))
    named = _META.match(package)
    return exact or (named.group(1) if named else _JETPACK_OF_MINOR.get((l4t.major, l4t.minor)))


def is_known(l4t: L4t) -> bool:
    """Whether the table has exactly this release."""
    return (l4t.major, l4t.minor, l4t.patch) in _JETPACK


def releases_of(version: str) -> List[str]:
    """The L4T releases, as 36.5.0, that a JetPack ships; empty where it is not in the table."""
    exact = ["{0}.{1}.{2}".format(*release) for release, name in _JETPACK.items() if name == version]
    return exact + ["{0}.{1}".format(*minor) for minor, name in _JETPACK_OF_MINOR.items() if name == version]


def newer_jetpacks(version: str) -> List[str]:
    """The JetPacks of the releases after this L4T, such as 36.4.3, in its own suite."""
    major, minor, patch = ([int(number) for number in version.split(".")] + [0])[:3]
    return [name for release, name in _JETPACK.items() if release[:2] == (major, minor) and release[2] > patch]


def jetpacks() -> List[str]:
    """Every JetPack that the table has, the oldest first."""
    return sorted({*_JETPACK.values(), *_JETPACK_OF_MINOR.values()}, key=order)


def order(version: str) -> List[int]:
    """JetPacks in the order of their release."""
    return [int(number) for number in version.split(".")]


def is_later(version: str) -> bool:
    """Whether this can be a JetPack that was released after the table was written."""
    if not _META.fullmatch(version):
        return False
    known = [name for name in jetpacks() if order(name)[0] == order(version)[0]]
    return not known or order(version) > order(known[-1])


def newest_minor(major: int) -> int:
    """The newest suite of a major release of L4T that the table has, 0 for none."""
    return max((release[1] for release in [*_JETPACK, *_JETPACK_OF_MINOR] if release[0] == major), default=0)


def parse_power_status(text: str) -> Optional[int]:
    """The id in /var/lib/nvpmodel/status, such as `pmode:0002 fmode:quiet`."""
    found = _STATUS.search(text)
    return int(found.group(1)) if found else None


def parse_power_query(text: str) -> Optional[PowerMode]:
    """What `nvpmodel -q` prints; warnings may come first, so that line numbers say nothing."""
    found = _QUERY.search(text)
    return PowerMode(int(found.group(2)), found.group(1)) if found else None


def power_mode(conf: Optional[Conf], status: Optional[int]) -> Optional[PowerMode]:
    """The mode in force: the stored choice, else the configuration's default."""
    number = conf.default if conf and status is None else status
    if number is None:
        return None
    names = {mode.id: mode.name for mode in conf.modes} if conf else {}
    return PowerMode(number, names.get(number))
