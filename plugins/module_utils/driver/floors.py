# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first branch of NVIDIA's driver for a card that came after its family.

By PCI device id, from the tables of compatible GPUs in NVIDIA's open-gpu-kernel-modules: the oldest branch whose last
release lists the id, for branches 515 to 595. A card that is not here runs with the first branch of its family; H100
PCIe, in the list of 520.56.06, came before its own.
"""

from __future__ import annotations

from typing import Optional

_FIRST = {
    520: "2331",
    525: "24C7 25BC 25BD",
    535: "20BD 20F6 20FD 2321 2329 232C 233A 2342 2584 26B2 26B3 26B9 26BA 27B1 27B2 27B6 27FB 28B9 28BA 28BB",
    550: "2335 25B0 25B2 2685 2702 2705 2709 2783 2788 2808 2822 28A3 28B0 28E3",
    555: "2689",
    565: "233B 2348",
    575: "2BB5 2D83",
    580: "230E 29BB 2B8C 2BB9 2C3A 2C77 2E12 3182 31C2",
}


def of(pci_device_id: int) -> Optional[int]:
    """The branch, None for a card that its family's figure holds for."""
    device = "{0:04X}".format(pci_device_id)
    return next((branch for branch, devices in _FIRST.items() if device in devices.split()), None)
