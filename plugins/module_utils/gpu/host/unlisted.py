# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks for GPUs on the PCI bus that NVML does not list."""

from __future__ import annotations

import contextlib
import os
from typing import Collection, Dict, List, Mapping, Union

from ...common.errors import EdgesiteError
from ...common.host import files
from ...machine.host import pci as pci_bus
from ...machine.pci import Device
from .. import unlisted

# Reasons by NVML's index, or by PCI address where NVML does not list the card
Lost = Dict[Union[int, str], EdgesiteError]


def added(lost: Mapping[int, EdgesiteError], listed: Collection[str]) -> Lost:
    """Why GPUs of this host cannot be read. lost: those that NVML lists. listed: PCI addresses of those it can read."""
    found: Lost = dict(lost)
    missing = read(listed)
    if len(missing) > len(lost):
        found.update((pci_bus_id, unlisted.error(pci_bus_id, bool(lost))) for pci_bus_id in missing)
    return found


def read(listed: Collection[str], root: str = "/") -> List[str]:
    """PCI addresses of the GPUs that NVML should list and does not. listed: those that it lists."""
    found = unlisted.candidates(on_bus(root), listed)
    return [device.pci_bus_id for device in found if _is_ours(device.pci_bus_id, root)]


def on_bus(root: str = "/") -> List[Device]:
    """Devices on the PCI bus; none where it cannot be read, for then NVML's word is all there is."""
    with contextlib.suppress(OSError):
        return pci_bus.read_candidates(root)
    return []


def _is_ours(pci_bus_id: str, root: str) -> bool:
    """Whether the card is this host's to use: a container sees all cards of its machine, and has files of its own."""
    text = files.told(os.path.join(root, "proc/driver/nvidia/gpus", pci_bus_id, "information"))
    known = unlisted.information(text)
    if known.excluded or known.minor is None:
        return False
    return os.path.exists(os.path.join(root, "dev/nvidia{0}".format(known.minor)))
