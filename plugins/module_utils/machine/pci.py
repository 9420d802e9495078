# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which PCI devices are accelerators, of which maker and kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, NamedTuple, Optional, Tuple

from .pci_names import NAMES

GPU = "gpu"
NPU = "npu"
FPGA = "fpga"
# class 1200 of a maker whose devices this collection does not know
OTHER = "accelerator"

# PCI class codes without the programming interface: base class and subclass
VGA = "0300"
THREE_D = "0302"
DISPLAY = "0380"
PROCESSING = "1200"
BRIDGES = "06"


@dataclass(frozen=True)
class Device:
    """A PCI function as sysfs shows it. Ids are four lower-case hex digits; class_code is six."""

    pci_bus_id: str
    vendor_id: str
    device_id: str
    class_code: str
    subsystem_vendor_id: Optional[str] = None
    subsystem_device_id: Optional[str] = None
    driver: Optional[str] = None
    numa_node: Optional[int] = None
    iommu_group: Optional[int] = None
    physical_function: Optional[str] = None


class Maker(NamedTuple):
    """classes: those that make a device an accelerator of this kind; None for every class but bridges."""

    name: str
    kind: str
    classes: Optional[Tuple[str, ...]]


_ANY = (VGA, THREE_D, DISPLAY, PROCESSING)
_ONLY_PROCESSING = (PROCESSING,)

# Vendor ids: pci.ids (github.com/pciutils/pciids).
MAKERS: Dict[str, Maker] = {
    "10de": Maker("nvidia", GPU, (VGA, THREE_D)),
    # Instinct cards from MI200 on are class 0380 or 1200, since they cannot drive a display
    "1002": Maker("amd", GPU, _ANY),
    "1022": Maker("amd", NPU, _ONLY_PROCESSING),
    "8086": Maker("intel", OTHER, _ONLY_PROCESSING),
    # Huawei's management chip 1711 is a VGA device, so display classes do not count
    "19e5": Maker("huawei", NPU, _ONLY_PROCESSING),
    # Cambricon's driver binds by id whatever the class
    "cabc": Maker("cambricon", NPU, None),
    "1da3": Maker("habana", NPU, _ONLY_PROCESSING),
    "10ee": Maker("xilinx", FPGA, _ONLY_PROCESSING),
    "1172": Maker("altera", FPGA, None),
    # Hailo-8 calls itself a co-processor (0b40)
    "1e60": Maker("hailo", NPU, None),
    "1e52": Maker("tenstorrent", NPU, _ONLY_PROCESSING),
    "1e36": Maker("enflame", NPU, _ONLY_PROCESSING),
    "1d22": Maker("baidu", NPU, _ONLY_PROCESSING),
    "1e3e": Maker("iluvatar", GPU, _ANY),
    "1ed5": Maker("moore_threads", GPU, _ANY),
    "1ed2": Maker("furiosa", NPU, _ONLY_PROCESSING),
}

# Accelerators that the class alone does not give away, or whose kind differs from their maker's usual one.
# FPGA ids of Intel: Linux, drivers/fpga/dfl-pci.c. NPU ids of Intel: Linux, drivers/accel/ivpu/ivpu_drv.h and pci.ids.
# Ascend: the log collector of Huawei's driver package (PCIE_BDF_310, _310P, _910, _910B, _910_93).
_KINDS: Dict[str, str] = {
    "8086:09c4": FPGA,
    "8086:09c5": FPGA,
    "8086:0b2b": FPGA,
    "8086:0b2c": FPGA,
    "8086:0b30": FPGA,
    "8086:bcbd": FPGA,
    "8086:bcbf": FPGA,
    "8086:bcc0": FPGA,
    "8086:bcc1": FPGA,
    "8086:bcce": FPGA,
    "8086:bccf": FPGA,
    "8086:7d1d": NPU,
    "8086:ad1d": NPU,
    "8086:643e": NPU,
    "8086:b03e": NPU,
    "19e5:d100": NPU,
    "19e5:d500": NPU,
    "19e5:d801": NPU,
    "19e5:d802": NPU,
    "19e5:d803": NPU,
    # Ryzen's NPU calls itself signal processing (1180): Linux, drivers/accel/amdxdna
    "1022:1502": NPU,
    "1022:17f0": NPU,
}


def worth_reading(vendor_id: str, class_code: str) -> bool:
    """Whether a device may be an accelerator, from the two cheapest facts: most devices of a host are not."""
    return vendor_id in MAKERS or class_code.startswith(PROCESSING)


def kind(device: Device) -> Optional[str]:
    """gpu, npu, fpga or accelerator; None for anything else."""
    key = "{0}:{1}".format(device.vendor_id, device.device_id)
    if key in _KINDS:
        return _KINDS[key]
    short = device.class_code[:4]
    # Intel's integrated graphics are class 0300 too, so that its discrete cards are known by id alone
    if device.vendor_id == "8086" and short in (VGA, THREE_D, DISPLAY):
        return GPU if key in NAMES else None
    maker = MAKERS.get(device.vendor_id)
    if maker is None:
        return OTHER if short == PROCESSING else None
    if maker.classes is None:
        return None if short.startswith(BRIDGES) else maker.kind
    return maker.kind if short in maker.classes else None


def vendor(device: Device) -> Optional[str]:
    """The maker's short name, None where this collection does not know it."""
    maker = MAKERS.get(device.vendor_id)
    return maker.name if maker else None


def name(device: Device) -> Optional[str]:
    """The model, as far as the PCI ids tell; NVIDIA's are in the catalogue."""
    return NAMES.get("{0}:{1}".format(device.vendor_id, device.device_id))


def hex_id(text: str) -> Optional[str]:
    """An id as sysfs writes it (0x10de, 0x030200) without the prefix, in lower case; None for anything else."""
    digits = text.strip().lower()
    if digits.startswith("0x"):
        digits = digits[2:]
    if len(digits) not in (4, 6) or any(c not in "0123456789abcdef" for c in digits):
        return None
    return digits


def numa_node(text: str) -> Optional[int]:
    """sysfs writes -1 where the platform has no such nodes."""
    try:
        number = int(text)
    except ValueError:
        return None
    return number if number >= 0 else None
