# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the PCI devices that may be accelerators from sysfs."""

from __future__ import annotations

import os
from typing import List, Optional

from ...common import lines
from ...common.host import files
from .. import pci
from ..pci import Device


def read_candidates(root: str = "/") -> List[Device]:
    """Devices of makers of accelerators, and those of class 12; by address. Empty where there is no PCI bus."""
    base = os.path.join(root, "sys/bus/pci/devices")
    try:
        addresses = sorted(os.listdir(base))
    except (FileNotFoundError, NotADirectoryError):
        return []
    devices = (_read(os.path.join(base, address), address) for address in addresses)
    return [device for device in devices if device]


def _read(path: str, address: str) -> Optional[Device]:
    vendor_id = _hex(path, "vendor")
    class_code = _hex(path, "class")
    # a device may vanish while it is read; then there is nothing to tell of it
    if vendor_id is None or class_code is None or not pci.worth_reading(vendor_id, class_code):
        return None
    return Device(
        pci_bus_id=address.lower(),
        vendor_id=vendor_id,
        device_id=_hex(path, "device") or "",
        class_code=class_code,
        subsystem_vendor_id=_hex(path, "subsystem_vendor"),
        subsystem_device_id=_hex(path, "subsystem_device"),
        driver=files.link_name(os.path.join(path, "driver")),
        numa_node=pci.numa_node(files.told(os.path.join(path, "numa_node"))),
        iommu_group=lines.as_int(files.link_name(os.path.join(path, "iommu_group"))),
        physical_function=files.link_name(os.path.join(path, "physfn")),
    )


def _hex(path: str, name: str) -> Optional[str]:
    return pci.hex_id(files.told(os.path.join(path, name)))
