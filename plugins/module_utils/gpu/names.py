# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A GPU's name against its PCI id."""

from __future__ import annotations

import re
from typing import Any, Mapping, Optional

from ..common.errors import EdgesiteError
from . import catalogue

_MAKER = re.compile(r"(NVIDIA|Tesla) ")
# Drivers before 470 leave the maker out, those after call some Tesla cards NVIDIA
_BY_SHORT_NAME = {
    _MAKER.sub("", name): model for model in catalogue.MODELS for name in (model.name, *model.other_names)
}


def contradiction(gpu: Mapping[str, Any], device_id: str) -> Optional[EdgesiteError]:
    """What is wrong where the driver gives a GPU the name of another card. gpu: gpu_info's entry.

    Only two catalogued names contradict each other: a vGPU, a maker's variant and a card that is newer than its driver
    have names that no catalogue has.
    """
    named = _BY_SHORT_NAME.get(_MAKER.sub("", gpu["name"]))
    known = catalogue.by_pci_device(int(device_id, 16))
    if named is None or known is None or named is known:
        return None
    return EdgesiteError(
        "GPU {0} at {1} is called {2} by NVML, but its PCI id {3} is that of {4}".format(
            gpu["index"], gpu["pci_bus_id"], gpu["name"], device_id, known.name
        ),
        "Run 'lspci -nn -s {0}' and 'ldconfig -p | grep libnvidia-ml' on the host: the library may not be the driver's "
        "own, or the card's firmware was changed".format(gpu["pci_bus_id"]),
    )
