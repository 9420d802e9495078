# SPDX-License-Identifier: GPL-3.0-or-later
"""NVIDIA's packages of an L4T release, as small ones: the real names, versions and dependencies, stand-ins inside.

Their architecture is all and not arm64, as the lab's hosts are of the machine's architecture.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from . import paths
from .jetson_releases import Release
from .shell import run

SOURCES = paths.LAB / "jetson"
SOURCES_LIST = "etc/apt/sources.list.d/nvidia-l4t-apt-source.list"
KEYRING = "etc/apt/trusted.gpg.d/jetson-ota-public.asc"
# where NVIDIA's packages have their units
_UNITS = "etc/systemd/system"
# seconds since 1970 of all files, so that packages are the same however often they are built
_EPOCH = "1767225600"


@dataclass(frozen=True)
class Package:
    """One package."""

    name: str
    version: str
    # the part of the repository: common, or the SoC's
    part: str
    depends: tuple[str, ...] = ()
    # path below / to content; a program is executable
    files: dict[str, bytes] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    postinst: bytes = b""
    conffiles: tuple[str, ...] = ()

    @property
    def control(self) -> str:
        """The control file of the package."""
        lines = [
            f"Package: {self.name}",
            f"Version: {self.version}",
            "Architecture: all",
            "Maintainer: NVIDIA Corporation (a stand-in of the edgesite.gpu lab) <lab@edgesite.invalid>",
            f"Section: {'metapackages' if self.name.startswith('nvidia-jetpack') else 'devel'}",
            "Priority: standard",
        ]
        if self.depends:
            lines.append(f"Depends: {', '.join(self.depends)}")
        lines.append("Description: stand-in for NVIDIA's package of this name")
        return "\n".join(lines) + "\n"


def of_release(release: Release, key: bytes) -> list[Package]:
    """All packages of a release; `key` is what its repository is signed with."""
    return [*_l4t(release, key), *_jetpack(release)]


def _l4t(release: Release, key: bytes) -> list[Package]:
    # all packages of L4T have to be of one series
    core = (f"nvidia-l4t-core (>> {release.series}-0)", f"nvidia-l4t-core (<< {_next(release.series)}-0)")

    def package(name: str, version: str = release.version, depends: tuple[str, ...] = core, **more) -> Package:
        return Package(f"nvidia-l4t-{name}", version, release.soc, depends, **more)

    return [
        package("core", depends=(), files={"usr/lib/aarch64-linux-gnu/nvidia/nvidia_release": _line(release.l4t)}),
        package("init", files=_init(release)),
        package("tools", files={"usr/bin/jetson_clocks": _program("jetson_clocks"), **_sbin("nvbootctrl")}),
        package(
            "nvpmodel",
            files={
                **_sbin("nvpmodel"),
                **_confs("etc/nvpmodel", "nvpmodel_*.conf"),
                f"{_UNITS}/nvpmodel.service": _file("nvpmodel.service"),
            },
            links={f"{_UNITS}/multi-user.target.wants/nvpmodel.service": "../nvpmodel.service"},
            postinst=_file("nvpmodel.postinst"),
        ),
        package(
            "nvfancontrol",
            files={
                **_sbin("nvfancontrol"),
                **_confs("etc/nvpower/nvfancontrol", "nvfancontrol_*.conf"),
                f"{_UNITS}/nvfancontrol.service": _file("nvfancontrol.service"),
            },
            links={f"{_UNITS}/multi-user.target.wants/nvfancontrol.service": "../nvfancontrol.service"},
            postinst=_file("nvfancontrol.postinst"),
        ),
        package(
            "bootloader",
            files={"opt/ota_package/TEGRA_BL.Cap": _line(release.l4t)},
            postinst=_file("bootloader.postinst"),
        ),
        package(
            "kernel",
            version=f"{release.kernel}-{release.version}",
            files={"boot/Image": f"stand-in for the kernel {release.kernel} of L4T {release.l4t}\n".encode()},
        ),
        package("cuda"),
        package(
            "apt-source",
            depends=(),
            files={SOURCES_LIST: sources_list(release).encode(), KEYRING: key},
            conffiles=(f"/{SOURCES_LIST}",),
        ),
    ]


def _jetpack(release: Release) -> list[Package]:
    cuda, cudnn, tensorrt = release.toolkit, release.cudnn, release.tensorrt
    exact = f"(= {release.jetpack})"
    core = (f"nvidia-l4t-core (>> {release.series}-0)", f"nvidia-l4t-core (<< {_next(release.series)}-0)")
    container = "nvidia-container-toolkit"
    runtime = (*core, "nvidia-l4t-cuda", cudnn[0], tensorrt[0], container)
    needs = {
        "nvidia-jetpack": (f"nvidia-jetpack-runtime {exact}", f"nvidia-jetpack-dev {exact}"),
        "nvidia-jetpack-runtime": runtime,
        "nvidia-jetpack-dev": (cuda[0], "tensorrt"),
    }
    packages = [Package(name, release.jetpack, "common", depends) for name, depends in needs.items()]
    plain = [cuda, cudnn, tensorrt, ("tensorrt", _tensorrt(release))]
    packages += [Package(name, version, "common") for name, version in plain]
    files = {"usr/bin/nvidia-ctk": _program("nvidia-ctk")}
    return [*packages, Package(container, release.container_toolkit, "common", files=files)]


def _tensorrt(release: Release) -> str:
    # the metapackage's version has one number more: 8.5.2.2-1+cuda11.4
    return release.tensorrt[1].replace("8.5.2-1", "8.5.2.2-1")


def sources_list(release: Release) -> str:
    """NVIDIA's list, with http in place of https."""
    parts = ("common", release.soc)
    return "".join(f"deb http://repo.download.nvidia.com/jetson/{part} {release.suite} main\n" for part in parts)


def _init(release: Release) -> dict[str, bytes]:
    text = release.tegra_release + "\n"
    if release.major != "35":
        text += "# KERNEL_VARIANT: oot\nTARGET_USERSPACE_LIB_DIR=nvidia\n"
        text += "TARGET_USERSPACE_LIB_DIR_PATH=usr/lib/aarch64-linux-gnu/nvidia\n"
    lists = "etc/nvidia-container-runtime/host-files-for-container.d"
    return {
        "etc/nv_tegra_release": text.encode(),
        f"{lists}/drivers.csv": _file("drivers.csv"),
        f"{lists}/devices.csv": _file("devices.csv"),
    }


def _next(series: str) -> str:
    major, minor = series.split(".")
    return f"{major}.{int(minor) + 1}"


def _line(text: str) -> bytes:
    return f"{text}\n".encode()


def _confs(folder: str, pattern: str) -> dict[str, bytes]:
    return {f"{folder}/{file.name}": file.read_bytes() for file in sorted((SOURCES / "files").glob(pattern))}


def _file(name: str) -> bytes:
    return (SOURCES / "files" / name).read_bytes()


def _program(name: str) -> bytes:
    return b"#!/usr/bin/python3\n" + (SOURCES / "programs" / f"{name}.py").read_bytes()


def _sbin(name: str) -> dict[str, bytes]:
    return {f"usr/sbin/{name}": _program(name)}


def build(package: Package, pool: Path) -> Path:
    """Build the package into a folder."""
    made = pool / f"{package.name}_{package.version.replace(':', '%3a')}_all.deb"
    tree = made.with_suffix(".tree")
    for path, content in package.files.items():
        _put(tree / path, content, 0o755 if content.startswith(b"#!") else 0o644)
    for path, target in package.links.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).symlink_to(target)
    _put(tree / "DEBIAN/control", package.control.encode(), 0o644)
    if package.postinst:
        _put(tree / "DEBIAN/postinst", package.postinst, 0o755)
    if package.conffiles:
        _put(tree / "DEBIAN/conffiles", "".join(f"{path}\n" for path in package.conffiles).encode(), 0o644)
    options = ("--root-owner-group", "-Zgzip", "-z1")
    run(["dpkg-deb", *options, "--build", str(tree), str(made)], env={"SOURCE_DATE_EPOCH": _EPOCH})
    shutil.rmtree(tree)
    return made


def _put(path: Path, content: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    # whatever the user's umask is
    os.chmod(path, mode)
