# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is: operating system, Secure Boot, and metal, guest or container."""

from __future__ import annotations

import re
from typing import Dict, Optional

PHYSICAL = "physical"
VIRTUAL = "virtual"
CONTAINER = "container"

ENABLED = "enabled"
DISABLED = "disabled"
UNSUPPORTED = "unsupported"
UNKNOWN = "unknown"

# What a shell wants escaped in double quotes
_ESCAPED = re.compile(r'\\(["$`\\])')
# An EFI variable in efivarfs is four bytes of attributes, then the data: SecureBoot holds one byte.
_EFI_ATTRIBUTES = 4

# Makers in DMI that only make virtual machines. Amazon and Google also rent whole machines; those have other signs.
_VIRTUAL_MAKERS = ("qemu", "vmware", "innotek", "xen", "bochs", "parallels", "kubevirt", "openstack", "ovirt")
_VIRTUAL_PRODUCTS = ("virtual machine", "virtualbox", "kvm", "standard pc", "bhyve", "google compute engine")


def parse_os_release(text: str) -> Dict[str, str]:
    """/etc/os-release: NAME=value lines, where values may be quoted as in a shell."""
    values: Dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and name and not name.startswith("#"):
            values[name] = _unquote(value)
    return values


def _unquote(value: str) -> str:
    if len(value) < 2 or value[0] != value[-1] or value[0] not in "\"'":
        return value
    inner = value[1:-1]
    return inner if value[0] == "'" else _ESCAPED.sub(r"\1", inner)


def secure_boot(data: bytes) -> str:
    """The state in the EFI variable SecureBoot."""
    if len(data) != _EFI_ATTRIBUTES + 1 or data[_EFI_ATTRIBUTES] > 1:
        return UNKNOWN
    return ENABLED if data[_EFI_ATTRIBUTES] else DISABLED


def machine_kind(container: bool, cpuinfo: str, maker: str, product: str, device_tree: bool) -> Optional[str]:
    """physical, virtual or container; None where nothing tells.

    cpuinfo: the start of /proc/cpuinfo. Its flag `hypervisor` decides on x86; elsewhere DMI's maker and product do,
    and a host that boots from a device tree without a hypervisor node is taken for a board.
    """
    if container:
        return CONTAINER
    flags = _x86_flags(cpuinfo)
    if flags is not None:
        return VIRTUAL if "hypervisor" in flags.split() else PHYSICAL
    if maker.lower().startswith(_VIRTUAL_MAKERS) or product.lower().startswith(_VIRTUAL_PRODUCTS):
        return VIRTUAL
    return PHYSICAL if maker or device_tree else None


def _x86_flags(cpuinfo: str) -> Optional[str]:
    for line in cpuinfo.splitlines():
        name, colon, value = line.partition(":")
        if colon and name.strip() == "flags":
            return value
    return None
