# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Jetson's packages, apt sources and boot slots tell of its JetPack."""

from __future__ import annotations

import re
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ..common import lines

SOURCES = "/etc/apt/sources.list.d/nvidia-l4t-apt-source.list"
NVIDIA = "https://repo.download.nvidia.com/jetson"
TOOLKIT = "nvidia-container-toolkit"

# A part of JetPack, and the packages whose version is its own
_PARTS = (
    ("jetpack", re.compile(r"nvidia-jetpack\Z")),
    ("cuda", re.compile(r"cuda-toolkit-[0-9]+-[0-9]+\Z")),
    ("cudnn", re.compile(r"libcudnn[0-9]+(-cuda-[0-9]+)?\Z")),
    ("tensorrt", re.compile(r"(tensorrt|libnvinfer[0-9]+)\Z")),
    ("container_toolkit", re.compile(TOOLKIT + r"\Z")),
)
_OURS = re.compile(
    r"(nvidia-|cuda-|libcudnn|libnvinfer|libnvonnxparsers|libnvparsers|libnvvpi|libcu(blas|dla|fft|file|rand|solver|sparse)|libnpp|libnvjpeg|tensorrt|vpi[0-9]|"
    r"python3-libnvinfer)"
)
# Those that a running system has loaded, or that its firmware applies at a reboot
_BOOTED = re.compile(r"nvidia-l4t-(core|init|kernel|bootloader|xusb-firmware)")
_LINE = re.compile(
    r"^(?P<off>#\s*)?deb\s+(?P<options>\[[^\]]*\]\s+)?(?P<uri>\S+/jetson/[\w-]+|\S+/[\w-]+)/?\s+"
    r"(?P<suite>r\d+\.\d+)\s+(?P<components>\S.*?)\s*\Z",
    re.ASCII,
)
_SLOT_LINE = re.compile(
    r"^\s*(Current version|Capsule update status|Current \w+ slot|Active \w+ slot):\s*(\S+)", re.ASCII | re.M
)
_SLOT = re.compile(r"^\s*slot:\s*(\d+),.*?status:\s*(\w+)", re.ASCII | re.M)
_PART_OF_CHIP = {"tegra234": "t234", "tegra194": "t194"}


class Package(NamedTuple):
    """A package that dpkg knows. whole: it is installed and configured."""

    name: str
    version: str
    held: bool
    whole: bool


def parse_packages(text: str) -> Tuple[Package, ...]:
    """Output of dpkg-query: name, version, wanted and present state, with tabs between. Purged ones do not count."""
    found = []
    for line in text.splitlines():
        fields = line.split("\t")
        if len(fields) != 4 or fields[3] in ("not-installed", "config-files"):
            continue
        name, version, wanted, present = fields
        if _OURS.match(name) or present != "installed":
            found.append(Package(name, version, wanted == "hold", present == "installed"))
    return tuple(found)


def parts(packages: Sequence[Package]) -> Dict[str, Optional[str]]:
    """Version of each part of JetPack, None for one that is not installed. The newest where there are several."""
    return {
        part: max((one.version for one in packages if pattern.match(one.name) and one.whole), key=_order, default=None)
        for part, pattern in _PARTS
    }


def _order(version: str) -> List[int]:
    return [int(number) for number in re.findall(r"[0-9]+", version)]


def makes_cdi(version: Optional[str]) -> bool:
    """Whether a container toolkit can write the CDI file of a Jetson. That of JetPack 5 cannot, and needs none."""
    return version is None or _order(version) >= [1, 14]


def booted(name: str) -> bool:
    """Whether a new version of this package takes a reboot."""
    return bool(_BOOTED.match(name))


def parse_sources(text: str) -> List[Dict[str, Any]]:
    """The lines of NVIDIA's apt sources, those that are commented out too."""
    found = (_LINE.match(line) for line in lines.of_file(text))
    return [
        {
            "uri": line.group("uri"),
            "suite": line.group("suite"),
            "components": line.group("components").split(),
            "enabled": line.group("off") is None,
        }
        for line in found
        if line
    ]


def with_suite(text: str, suite: str, soc: str, mirror: str = "") -> str:
    """The sources with every line that is in use on this suite, and on the mirror where one is given.

    Only L4T's own lines are woken where they are commented out, and only where no other has the same part. What else
    stands in the file stays. Where no line is in use then, L4T's own are added.
    """
    own = _own_parts(suite, soc)
    there = {line["uri"].rsplit("/", 1)[1] for line in parse_sources(text) if line["enabled"]}
    found = []
    for line in lines.of_file(text):
        part = _sleeping(line)
        if part is None or (part in own and part not in there):
            line = _moved(line, suite, mirror)
            there.update([part] if part else [])
        found.append(line)
    if not there:
        archive = mirror.rstrip("/") or NVIDIA
        found += [
            lines.fill("deb {archive}/{part} {suite} main", archive=archive, part=part, suite=suite) for part in own
        ]
    return "".join(line + "\n" for line in found)


def _own_parts(suite: str, soc: str) -> Tuple[str, str]:
    """The folders of L4T itself; NVIDIA has others beside them, such as ffmpeg."""
    return "common", "som" if int(suite[1:].split(".")[0]) >= 38 else _PART_OF_CHIP.get(soc, "t234")


def _sleeping(line: str) -> Optional[str]:
    """The part that a line names which is commented out, None for any other line."""
    found = _LINE.match(line)
    return found.group("uri").rsplit("/", 1)[1] if found and found.group("off") else None


def with_mirror(text: str, mirror: str) -> str:
    """The sources with the lines that are in use on a mirror, each with its suite."""
    return "\n".join(line if line.startswith("#") else _moved(line, "", mirror) for line in text.split("\n"))


def _moved(line: str, suite: str, mirror: str) -> str:
    """A line of NVIDIA's on another suite and mirror, where they are given; any other line as it is."""
    found = _LINE.match(line)
    if not found:
        return line
    uri = found.group("uri")
    if mirror:
        uri = "{0}/{1}".format(lines.single("mirror", mirror).rstrip("/"), uri.rsplit("/", 1)[1])
    return "deb {0}{1} {2} {3}".format(
        found.group("options") or "",
        uri,
        lines.single("suite", suite) or found.group("suite"),
        found.group("components"),
    )


def parse_slots(text: str) -> Optional[Dict[str, Any]]:
    """What `nvbootctrl dump-slots-info` tells. Before JetPack 5 it tells no version."""
    told = {name.split()[0] + name.split()[-1]: value for name, value in _SLOT_LINE.findall(text)}
    if "Currentslot" not in told:
        return None
    return {
        "current": told["Currentslot"],
        "active": told.get("Activeslot"),
        "version": told.get("Currentversion"),
        "capsule_status": lines.as_int(told.get("Capsulestatus")),
        "status": {"AB"[int(slot)] if int(slot) < 2 else slot: state for slot, state in _SLOT.findall(text)},
    }
