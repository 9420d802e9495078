# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the cards of a host as MIG sees them."""

from __future__ import annotations

import ctypes
from typing import Any, Dict, List, Tuple

from ...common.clients import Client
from ...common.errors import EdgesiteError
from ...gpu import nvml_words
from ...gpu.host import instances, unlisted
from ...gpu.host.nvml import Nvml, text
from ...gpu.host.read import read_processes
from ...gpu.host.unlisted import Lost
from ...gpu.nvml_errors import NvmlError
from ...gpu.selectors import GpuId
from .. import card
from ..card import Card, Profile

# No card has more memory slices, so no profile has more placements.
_MOST_PLACEMENTS = 32


def read_cards(nvml: Nvml) -> Tuple[List[Card], Lost]:
    """All cards, and the reason for each that could not be read, also where NVML does not list it.

    Raises NvmlError where root is needed.
    """
    cards: List[Card] = []
    lost: Dict[int, EdgesiteError] = {}
    for index in range(nvml.count()):
        try:
            handle = nvml.handle(index)
            cards.append(read_card(nvml, nvml.identify(index, handle), handle))
        except NvmlError as error:
            if error.status == "no_permission":
                raise
            lost[index] = error
    return cards, unlisted.added(lost, [known.gpu.pci_bus_id for known in cards])


def read_card(nvml: Nvml, gpu: GpuId, handle: Any) -> Card:
    """One card."""
    pci = nvml.call("nvmlDeviceGetPciInfo", handle)
    ids = {"pci_id": pci.pciDeviceId, "subsystem_id": pci.pciSubSystemId}
    mode = instances.read_mode(nvml, handle)
    virtualization = nvml_words.word(
        nvml_words.VIRTUALIZATION_MODES, nvml.get("nvmlDeviceGetVirtualizationMode", handle)
    )
    if mode is None:
        driver = nvml.get("nvmlSystemGetDriverVersion") or ""
        return Card(gpu, None, virtualization=virtualization, driver=driver, **ids)
    processes = read_processes(nvml, handle)
    profiles = read_profiles(nvml, handle)
    if not mode["current"]:
        profiles = card.with_mig_off(profiles, card.catalogued(pci.pciDeviceId >> 16, gpu.name))
    clients = card.clients(processes)
    found = instances.read_instances(nvml, handle, processes) if mode["current"] else []
    return Card(
        gpu=gpu,
        enabled=mode["current"],
        pending=mode["pending"],
        resetless=mode["resetless"],
        virtualization=virtualization,
        profiles=profiles,
        instances=card.instances(found, profiles, clients),
        clients=clients,
        **ids,
    )


def read_clients(nvml: Nvml, handle: Any) -> Tuple[Client, ...]:
    """The processes on a card that NVML lists: those with a CUDA or graphics context."""
    return card.clients(read_processes(nvml, handle))


def read_profiles(nvml: Nvml, handle: Any) -> Tuple[Profile, ...]:
    """The GPU instance profiles of a card with their placements (nvmlDeviceGetGpuInstancePossiblePlacements_v2)."""
    found = []
    for info in instances.profiles(nvml, handle):
        places = (nvml.pynvml.c_nvmlGpuInstancePlacement_t * _MOST_PLACEMENTS)()
        count = ctypes.c_uint(_MOST_PLACEMENTS)
        nvml.call("nvmlDeviceGetGpuInstancePossiblePlacements", handle, info.id, places, ctypes.byref(count))
        if count.value:
            found.append(_profile(info, places[: count.value]))
    return tuple(found)


def _profile(info: Any, places: List[Any]) -> Profile:
    return Profile(
        id=info.id,
        name=text(info.name).replace("MIG ", ""),
        slices=info.sliceCount,
        memory_mib=info.memorySizeMB,
        size=places[0].size,
        starts=tuple(sorted(place.start for place in places)),
        max_count=info.instanceCount,
        engines=(info.decoderCount, info.encoderCount, info.jpegCount, info.ofaCount),
    )
