# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What programs and files say of NVIDIA's driver: packages, DKMS, module files, kernels, modprobe's configuration."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from typing import Dict, Iterable, List, Optional, Sequence, Tuple

from ..common.lines import as_int
from . import packages, versions

# Names that DKMS, depmod and modprobe give the module: Debian has nvidia-current and nvidia-current-open
_MODULE = re.compile(r"/(nvidia(?:-(?:current|tesla|legacy)[a-z0-9-]*)?)\.ko(?:\.\w+)?:", re.ASCII)
_PARTS = ("-modeset", "-drm", "-uvm", "-peermem", "-vgpu-vfio")
_NOUVEAU = re.compile(r"/nouveau\.ko(?:\.\w+)?:", re.ASCII)

# What a package manager is asked for
PACKAGE_PATTERNS = ("*nvidia*", "cuda-drivers*", "libcuda1*", "libnvcuvid1", "libnvoptix1", "nvlsm")
DPKG_FORMAT = "${db:Status-Abbrev}\t${Package}\t${Version}\n"
RPM_FORMAT = "%{NAME}\t%{VERSION}-%{RELEASE}\n"


@dataclass(frozen=True)
class Package:
    """An installed package. complete: False where its installation broke off."""

    name: str
    version: str
    held: bool
    complete: bool = True


@dataclass(frozen=True)
class Dkms:
    """A line of `dkms status`. kernel is None where the module is built for none."""

    module: str
    version: str
    kernel: Optional[str]
    state: str
    warning: Optional[str] = None


@dataclass(frozen=True)
class ModuleFile:
    """What modinfo tells of a module file."""

    version: Optional[str]
    flavour: Optional[str]
    signed: bool
    signer: Optional[str]


def parse_dpkg(text: str) -> List[Package]:
    """Lines of dpkg-query in DPKG_FORMAT; what is removed is left out."""
    found: Dict[str, Package] = {}
    for line in text.splitlines():
        fields = line.split("\t")
        if len(fields) != 3 or len(fields[0]) < 2 or packages.is_other(fields[1]):
            continue
        wanted, status = fields[0][0], fields[0][1]
        # not installed, or nothing but its configuration is left
        if status in "nc":
            continue
        # a package may be there for two architectures
        twin = found.get(fields[1])
        held = wanted == "h" or bool(twin and twin.held)
        found[fields[1]] = Package(fields[1], fields[2], held, status in "itW" and (twin is None or twin.complete))
    return [found[name] for name in sorted(found)]


def parse_rpm(text: str, locks: str) -> List[Package]:
    """Lines of rpm in RPM_FORMAT; of kernel modules there may be several versions, one for each kernel.

    locks: the files of dnf's plugin versionlock.
    """
    patterns = _lock_patterns(locks)
    found = set()
    for line in text.splitlines():
        name, tab, version = line.partition("\t")
        if tab and not packages.is_other(name):
            found.add(Package(name, version, any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)))
    return sorted(found, key=lambda package: (package.name, package.version))


def _lock_patterns(text: str) -> List[str]:
    """Names from versionlock.list (name-epoch:version-release.*) and from versionlock.toml (name = "...")."""
    found = []
    for line in text.splitlines():
        line = line.strip()
        toml = re.match(r'name\s*=\s*"([^"]+)"', line)
        if toml:
            found.append(toml.group(1))
        elif line and line[0] not in "#![" and "=" not in line:
            found.append(re.split(r"-(?:[0-9]+:)?[0-9]", line, maxsplit=1)[0])
    return found


def parse_dkms(text: str) -> List[Dkms]:
    """The output of `dkms status`: `module/version, kernel, arch: state` since 3.0, `module, version, ...` before."""
    found = []
    for line in text.splitlines():
        head, colon, tail = line.partition(": ")
        fields = [field.strip() for field in head.replace("/", ", ", 1).split(",")]
        words = tail.split(None, 1)
        if not colon or not words or len(fields) not in (2, 3, 4) or not _is_dkms_driver(fields[0]):
            continue
        state = words[0].partition("-")[0]
        if state in ("added", "built", "installed", "broken"):
            kernel = fields[2] if len(fields) > 2 else None
            warning = re.search(r"\(WARNING! (.*?)\)", tail)
            found.append(Dkms(fields[0], fields[1], kernel, state, warning.group(1) if warning else None))
    return found


def _is_dkms_driver(name: str) -> bool:
    """Not nvidia-fs (GPUDirect Storage) or nvidia-peer-memory, which are modules of their own beside the driver."""
    return re.fullmatch(r"nvidia(?:-(?!fs\b|peer)[\w-]+)?", name, re.ASCII) is not None


def module_names(modules_dep: str) -> List[str]:
    """The names of NVIDIA's main module in a kernel's modules.dep."""
    names = {found.group(1) for found in _MODULE.finditer(_lines_with(modules_dep, "nvidia"))}
    return sorted(name for name in names if not name.endswith(_PARTS))


def has_nouveau(modules_dep: str) -> bool:
    """Whether a kernel has nouveau, by its modules.dep."""
    return _NOUVEAU.search(_lines_with(modules_dep, "nouveau")) is not None


def _lines_with(text: str, word: str) -> str:
    """The file before the colon of each line that has the word; what follows are the modules that this one needs."""
    heads = (line.partition(":")[0] for line in text.splitlines() if word in line)
    return "".join("/" + head + ":\n" for head in heads)


def parse_modinfo(text: str) -> ModuleFile:
    """The output of modinfo for one module."""
    fields: Dict[str, str] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip(), value.strip())
    license_name = fields.get("license", "")
    flavour = (versions.OPEN if "GPL" in license_name else versions.PROPRIETARY) if license_name else None
    signer = fields.get("signer") or None
    return ModuleFile(
        versions.parse_version(fields.get("version", "")), flavour, bool(signer or fields.get("sig_id")), signer
    )


def newest_kernel(releases: Iterable[str]) -> Optional[str]:
    """The kernel that a boot loader takes by default; None of none."""
    ordered = sort_kernels(releases)
    return ordered[-1] if ordered else None


def sort_kernels(releases: Iterable[str]) -> List[str]:
    """Oldest first, as GRUB sorts: numbers by value, and release candidates before the release."""
    return sorted(releases, key=_kernel_key)


def _kernel_key(release: str) -> List[Tuple[int, int, str]]:
    early = re.sub(r"[._-](pre|rc|test|git|old|trunk)", r"~\1", release)
    parts = re.findall(r"~|[0-9]+|[^0-9~]+", early)
    key = [(0, 0, "") if part == "~" else _part_key(part) for part in parts]
    return key + [(1, 0, "")]


def _part_key(part: str) -> Tuple[int, int, str]:
    number = as_int(part)
    return (2, 0, part) if number is None else (3, number, "")


@dataclass(frozen=True)
class Modprobe:
    """What modprobe's configuration says: names it does not load by themselves, and what stands for nvidia."""

    blacklisted: Tuple[str, ...]
    nvidia_is: Optional[str]


def parse_modprobe(text: str) -> Modprobe:
    """The configuration files of modprobe, one after the other."""
    blacklisted = []
    nvidia_is = None
    for line in text.replace("\\\n", " ").splitlines():
        words = line.split()
        if words[:1] == ["blacklist"] and len(words) > 1:
            blacklisted.append(_module(words[1]))
        elif words[:1] == ["install"] and len(words) > 2:
            if words[2].rsplit("/", 1)[-1] in ("true", "false", ":"):
                blacklisted.append(_module(words[1]))
            elif words[1] == "nvidia" and words[2:4] == ["modprobe", "-i"] and len(words) > 4:
                # Debian's way to choose among several drivers
                nvidia_is = words[4]
        elif words[:1] == ["alias"] and words[2:3] == ["off"]:
            blacklisted.append(_module(words[1]))
    return Modprobe(tuple(blacklisted), nvidia_is)


def cmdline_blacklist(text: str) -> List[str]:
    """Modules that the kernel's command line keeps from loading, or from taking a device."""
    found = []
    for word in text.split():
        name, _equals, value = word.partition("=")
        if name in ("modprobe.blacklist", "module_blacklist"):
            found += [_module(each) for each in value.split(",") if each]
        elif name == "nouveau.modeset" and value == "0":
            found.append("nouveau")
    return found


def _module(name: str) -> str:
    return name.replace("-", "_")


def module_to_ask(names: Sequence[str], nvidia_is: Optional[str]) -> Optional[str]:
    """Which of the kernel's names of the module `modprobe nvidia` loads."""
    if nvidia_is in names:
        return nvidia_is
    return names[0] if names else None


def parse_mok_test(text: str) -> Optional[bool]:
    """The answer of `mokutil --test-key`."""
    if "is already enrolled" in text:
        return True
    return False if "is not enrolled" in text else None


def mok_certificate(framework_conf: str) -> Optional[str]:
    """The certificate that DKMS is told to sign for, by its framework.conf."""
    found = None
    for line in framework_conf.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and name == "mok_certificate":
            found = value.strip("\"' ") or None
    return found
