# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What NVML tells of a host: its GPUs, the driver's versions, and what could not be read."""

from __future__ import annotations

from typing import Any, Dict, List

from ...common.errors import EdgesiteError
from .. import catalogue, fabric, names
from ..nvml_errors import NvmlError
from . import unlisted
from .nvml import Nvml
from .process import NvmlProcess
from .read import read_gpus


def read(nvml: NvmlProcess) -> Dict[str, Any]:
    """gpus, driver and unread; nvml is open meanwhile. Never raises EdgesiteError: what fails is told in unread."""
    try:
        with nvml:
            gpus, lost = nvml.ask(read_gpus)
            unread = [failure("gpu {0}".format(index), error) for index, error in lost.items()]
            return {"gpus": gpus, "driver": nvml.ask(_driver), "unread": unread + _wrong(gpus)}
    except NvmlError as error:
        return {"gpus": [], "driver": {"nvml_status": error.status}, "unread": [failure("nvml", error)]}


def failure(what: str, error: EdgesiteError) -> Dict[str, Any]:
    """An entry of unread."""
    return {"what": what, "why": error.problem, "fix": error.fix, "status": getattr(error, "status", None)}


def _wrong(gpus: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Entries of unread for GPUs whose name is another card's, or that do not work for want of their fabric."""
    nvidia = "{0:04x}".format(catalogue.PCI_VENDOR_NVIDIA)
    on_bus = {device.pci_bus_id: device.device_id for device in unlisted.on_bus() if device.vendor_id == nvidia}
    found = []
    for gpu in gpus:
        device_id = on_bus.get(gpu["pci_bus_id"]) or gpu["pci_device_id"]
        for error in filter(None, (names.contradiction(gpu, device_id), fabric.problem(gpu))):
            found.append(failure("gpu {0}".format(gpu["index"]), error))
    return found


def _driver(nvml: Nvml) -> Dict[str, Any]:
    cuda = nvml.get("nvmlSystemGetCudaDriverVersion")
    return {
        "nvml_status": "ok",
        "version": nvml.get("nvmlSystemGetDriverVersion"),
        "nvml_version": nvml.get("nvmlSystemGetNVMLVersion"),
        "cuda_version": None if cuda is None else "{0}.{1}".format(cuda // 1000, cuda % 1000 // 10),
    }
