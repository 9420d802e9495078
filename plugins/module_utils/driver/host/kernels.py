# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the kernels of a host: which can boot, which have NVIDIA's module, and which can build one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

from ...common.host import command, files
from ...common.reading import Reading, unread
from .. import parse
from ..state import OnDisk

_MODULES = "lib/modules"
_IMAGES = ("boot/vmlinuz-{0}", "boot/vmlinux-{0}", "lib/modules/{0}/vmlinuz")
_INITRAMFS = ("boot/initrd.img-{0}", "boot/initramfs-{0}.img", "boot/initrd-{0}")


@dataclass(frozen=True)
class Kernels:
    """releases: the oldest first. headers: whether each can build modules."""

    releases: Tuple[str, ...]
    newest: Optional[str]
    headers: Dict[str, bool]


def read(root: str = "/") -> Kernels:
    """The kernels that are installed. What packages leave in /lib/modules when they go, or put there early, is none."""
    releases = parse.sort_kernels(name for name in _folders(root) if _is_kernel(root, name))
    # a boot loader offers what has an image; where none is in sight, as in a container, any may be meant
    bootable = [release for release in releases if _has_image(root, release)]
    headers = {release: os.path.isdir(os.path.join(root, _MODULES, release, "build")) for release in releases}
    return Kernels(tuple(releases), parse.newest_kernel(bootable or releases), headers)


def _folders(root: str) -> List[str]:
    try:
        return os.listdir(os.path.join(root, _MODULES))
    except OSError:
        return []


def _is_kernel(root: str, release: str) -> bool:
    """Headers and DKMS make a folder too, and it outlives its kernel; only the kernel itself brings these."""
    tree = os.path.join(root, _MODULES, release)
    return (
        os.path.isdir(os.path.join(tree, "kernel"))
        or os.path.exists(os.path.join(tree, "modules.builtin"))
        or _has_image(root, release)
    )


def _has_image(root: str, release: str) -> bool:
    return any(os.path.exists(os.path.join(root, name.format(release))) for name in _IMAGES)


class Modules:
    """NVIDIA's module, and nouveau, in the kernels' folders."""

    def __init__(self, run: command.Run, nvidia_is: Optional[str], root: str = "/") -> None:
        self._run = run
        self._nvidia_is = nvidia_is
        self._root = root

    def nvidia(self, release: str) -> Reading:
        """The module file of a kernel (OnDisk), and who signed it; None where it has none."""
        name = parse.module_to_ask(parse.module_names(self._dep(release)), self._nvidia_is)
        if name is None:
            return Reading()
        program = command.find("modinfo")
        if program is None:
            return _unknown(release, "modinfo is not installed on the host", "Install the package kmod")
        result = self._run([program, "-k", release, name])
        if not result.ok:
            why = result.error.strip() or "modinfo exited with code {0}".format(result.rc)
            return _unknown(release, why, "Run 'depmod {0}' on the host".format(release))
        told = parse.parse_modinfo(result.text)
        return Reading((OnDisk(release, told.version, told.flavour, told.signed), told.signer))

    def has_nouveau(self, release: Optional[str]) -> bool:
        """Whether a kernel has nouveau."""
        return release is not None and parse.has_nouveau(self._dep(release))

    def _dep(self, release: str) -> str:
        return files.read_text(os.path.join(self._root, _MODULES, release, "modules.dep")) or ""


def _unknown(release: str, why: str, fix: str) -> Reading:
    return Reading((OnDisk(release, None), None), [unread("on_disk " + release, why, fix)])


def initramfs_time(release: Optional[str], root: str = "/") -> Optional[float]:
    """When the initramfs of a kernel was made; None where none is in sight."""
    if release is None:
        return None
    for name in _INITRAMFS:
        try:
            return os.stat(os.path.join(root, name.format(release))).st_mtime
        except OSError:
            continue
    return None
