# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a GPU in the NVLink fabric, which NVSwitches make."""

from __future__ import annotations

from typing import Any, Mapping, Optional

from ..common.errors import EdgesiteError
from . import catalogue
from .nvml_words import FABRIC_COMPLETED

_OF_A_HOST = (
    "Install the fabric manager in exactly the driver's version (the role driver does this) and run "
    "'systemctl restart nvidia-fabricmanager'; if it runs, look at 'journalctl -u nvidia-fabricmanager'"
)
_OF_A_RACK = (
    "Check the fabric manager on the rack's NVLink switches: 'nvidia-smi -q' shows what the GPU knows of the fabric"
)
_OF_A_GUEST = "Have the card's partition of the NVSwitches activated on the host of this guest"


def problem(gpu: Mapping[str, Any]) -> Optional[EdgesiteError]:
    """What is wrong with a GPU that has not joined. gpu: gpu_info's entry.

    In MIG mode a GPU does without the fabric.
    """
    fabric = gpu["fabric"]
    if not fabric or (gpu["mig"] or {}).get("current"):
        return None
    if fabric["state"] != FABRIC_COMPLETED:
        how = "has not joined the NVLink fabric (its state is {0})".format(fabric["state"])
    elif fabric["status"] != "ok":
        how = "failed to join the NVLink fabric ({0})".format(fabric["status"])
    else:
        return None
    return EdgesiteError(
        "GPU {0} {1} at {2} {3}, without which CUDA does not start".format(
            gpu["index"], gpu["name"], gpu["pci_bus_id"], how
        ),
        _fix(gpu),
    )


def _fix(gpu: Mapping[str, Any]) -> str:
    if gpu["vgpu"]["virtualization_mode"] in ("passthrough", "vgpu_guest"):
        return _OF_A_GUEST
    model = catalogue.by_pci_device(int(gpu["pci_device_id"], 16))
    in_rack = model is not None and model.fabric == catalogue.IN_RACK
    return _OF_A_RACK if in_rack else _OF_A_HOST
