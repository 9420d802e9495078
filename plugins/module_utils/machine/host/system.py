# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what a host is: distribution, kernel, metal or guest."""

from __future__ import annotations

import os
import platform
from typing import Any, Dict, Optional

from ...common.host import files
from .. import system

# The flags of the first processor are within this; the file of a large host takes long to make
_CPUINFO_START = 8192
_DEVICE_TREE = "sys/firmware/devicetree/base"


def read(root: str = "/") -> Dict[str, Any]:
    """Values are None where the host does not tell."""
    text = files.read_text(os.path.join(root, "etc/os-release"))
    if text is None:
        text = files.read_text(os.path.join(root, "usr/lib/os-release"))
    release = system.parse_os_release(text or "")
    kernel = os.uname()
    return {
        "os": {
            "id": release.get("ID"),
            "version_id": release.get("VERSION_ID"),
            "pretty_name": release.get("PRETTY_NAME"),
        },
        "kernel": kernel.release,
        "architecture": kernel.machine,
        "machine": _machine(root),
        "python_version": platform.python_version(),
        "boot_id": _line(root, "proc/sys/kernel/random/boot_id"),
    }


def _machine(root: str) -> Optional[str]:
    return system.machine_kind(
        container=_is_container(root),
        cpuinfo=files.read_text(os.path.join(root, "proc/cpuinfo"), _CPUINFO_START) or "",
        maker=_line(root, "sys/class/dmi/id/sys_vendor") or "",
        product=_line(root, "sys/class/dmi/id/product_name") or "",
        # a hypervisor adds the node /hypervisor to the device tree that it makes for a guest
        device_tree=_exists(root, _DEVICE_TREE + "/model") and not _exists(root, _DEVICE_TREE + "/hypervisor"),
    )


def _is_container(root: str) -> bool:
    """systemd, Docker and podman each leave a file."""
    return any(_exists(root, name) for name in ("run/systemd/container", ".dockerenv", "run/.containerenv"))


def _exists(root: str, name: str) -> bool:
    return os.path.exists(os.path.join(root, name))


def _line(root: str, name: str) -> Optional[str]:
    try:
        text = files.read_text(os.path.join(root, name))
    except OSError:
        return None
    return (text or "").strip() or None
