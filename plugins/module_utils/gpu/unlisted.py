# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GPUs that are on the PCI bus with NVIDIA's driver, and that NVML does not list: the driver could not start them."""

from __future__ import annotations

import re
from typing import Collection, List, NamedTuple, Optional, Sequence

from ..common.errors import EdgesiteError
from ..common.lines import as_int
from ..machine import pci
from ..machine.pci import Device

FIX = (
    "Look for the reason with 'dmesg | grep -E \"NVRM|Xid\"', and turn the host's power off and on; if the card stays "
    "away, check its seat and its power, or replace it"
)
_NVIDIA = "10de"
_DRIVER = "nvidia"
_FIELD = re.compile(r"^(Device Minor|GPU Excluded):\s*(\S+)", re.MULTILINE)


class Information(NamedTuple):
    """What /proc/driver/nvidia/gpus/ADDRESS/information tells of a card. minor: of its /dev/nvidiaN."""

    minor: Optional[int]
    excluded: bool


def information(text: str) -> Information:
    """The file's text; excluded are those that the module's option NVreg_ExcludedGpus names."""
    fields = dict(_FIELD.findall(text))
    return Information(as_int(fields.get("Device Minor")), fields.get("GPU Excluded") == "Yes")


def candidates(devices: Sequence[Device], listed: Collection[str]) -> List[Device]:
    """GPUs that the driver has and NVML does not list. listed: PCI addresses.

    Virtual functions come with vGPUs, and a card of vfio-pci is a guest's.
    """
    return [
        device
        for device in devices
        if device.vendor_id == _NVIDIA
        and device.driver == _DRIVER
        and device.physical_function is None
        and pci.kind(device) == pci.GPU
        and device.pci_bus_id not in listed
    ]


def error(pci_bus_id: str, others_lost: bool = False) -> EdgesiteError:
    """What is wrong with such a card. others_lost: NVML lists cards whose address it cannot tell, perhaps this one."""
    return EdgesiteError(
        "GPU {0} is on the PCI bus and has the kernel driver nvidia, but NVML does not list it{1}: the driver "
        "cannot start it".format(pci_bus_id, ", or has lost it" if others_lost else ""),
        FIX,
    )
