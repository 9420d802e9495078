# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A card as MIG sees it: its mode, its profiles and where they fit, its instances and who runs on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Optional, Sequence, Tuple

from ..common.clients import Client
from ..gpu import catalogue
from ..gpu.selectors import GpuId


@dataclass(frozen=True)
class Profile:
    """A GPU instance profile of a card (nvmlDeviceGetGpuInstanceProfileInfo, ...PossiblePlacements).

    size and starts are in memory slices. engines: decoders, encoders, JPEG and OFA engines of one instance.
    """

    id: int
    name: str
    slices: int
    memory_mib: int
    size: int
    starts: Tuple[int, ...]
    max_count: int
    engines: Tuple[int, int, int, int] = (0, 0, 0, 0)

    def mask(self, start: int) -> int:
        """The memory slices of an instance there, as bits."""
        return ((1 << self.size) - 1) << start


@dataclass(frozen=True)
class ComputeInstance:
    """A compute instance; slices and start are in compute slices of its GPU instance.

    partial: it has all slices of its GPU instance, but not all SMs: on Hopper and later, a GPU instance of one slice
    with double memory has more SMs than a slice, and a compute profile for each (1_SLICE and 1_SLICE_REV1).
    Two are equal when they have the same place: UUID and clients come and go.
    """

    slices: int
    start: int
    uuid: Optional[str] = field(default=None, compare=False)
    clients: Tuple[Client, ...] = field(default=(), compare=False)
    partial: bool = False


@dataclass(frozen=True)
class GpuInstance:
    """A GPU instance; start is in memory slices. clients: all of it, those of its compute instances too."""

    profile: Profile
    start: int
    compute: Tuple[ComputeInstance, ...]
    clients: Tuple[Client, ...] = field(default=(), compare=False)

    @property
    def place(self) -> Tuple[int, int]:
        """Profile id and start: what is the same is the same instance."""
        return self.profile.id, self.start

    @property
    def mask(self) -> int:
        return self.profile.mask(self.start)

    @property
    def whole(self) -> Dict[Tuple[int, int], ComputeInstance]:
        """The compute instances that can stay, by slices and start: those with all SMs that their slices can have."""
        return {(inner.slices, inner.start): inner for inner in self.compute if not inner.partial}

    def label(self) -> str:
        return "{0} on {1}".format(self.profile.name, slices(self.start, self.profile.size))


@dataclass(frozen=True)
class Card:
    """One GPU. enabled: None on a card without MIG. pending: the mode after the next reset or reboot.

    resetless: the mode changes without a reset of the card (Hopper and later).
    virtualization: none | passthrough | vgpu_guest | vgpu_host | vsga_host | None, as in gpu_info.
    pci_id, subsystem_id: device << 16 | vendor. driver: its version, where the card has no MIG.
    profiles: empty where MIG is off and neither the driver nor the catalogue knows them.
    clients: everything that runs on the card.
    """

    gpu: GpuId
    enabled: Optional[bool]
    pending: Optional[bool] = None
    resetless: bool = False
    virtualization: Optional[str] = None
    profiles: Tuple[Profile, ...] = ()
    instances: Tuple[GpuInstance, ...] = ()
    clients: Tuple[Client, ...] = field(default=(), compare=False)
    pci_id: int = 0
    subsystem_id: int = 0
    driver: str = field(default="", compare=False)

    @property
    def memory_slices(self) -> int:
        """How many memory slices the card has."""
        return max(start + profile.size for profile in self.profiles for start in profile.starts)


def slices(start: int, size: int) -> str:
    """Memory slices for people."""
    return "slice {0}".format(start) if size == 1 else "slices {0}-{1}".format(start, start + size - 1)


def catalogued(pci_device_id: int, name: str) -> Tuple[Profile, ...]:
    """The profiles that the catalogue knows of a card; empty where it does not know the card."""
    model = catalogue.by_pci_device(pci_device_id) or catalogue.by_name(name)
    if model is None or model.mig is None:
        return ()
    return tuple(
        Profile(
            known.id,
            known.name,
            known.slices,
            known.memory_mib,
            known.size,
            known.starts,
            known.max_count,
            (known.decoders, known.encoders, known.jpegs, known.ofas),
        )
        for known in model.mig.profiles
    )


def with_mig_off(told: Tuple[Profile, ...], known: Tuple[Profile, ...]) -> Tuple[Profile, ...]:
    """The profiles that a card will have once MIG is on. told: by its driver while MIG is off. known: the catalogue's.

    Drivers to 535 tell none then, and an A30 others than it has with MIG on, with other ids.
    """
    has = {(profile.id, profile.slices, profile.starts) for profile in told}
    return told if all((profile.id, profile.slices, profile.starts) in has for profile in known) else known


def clients(processes: Sequence[Dict[str, Any]]) -> Tuple[Client, ...]:
    """The clients in gpu_info's processes of a card."""
    return tuple(
        Client(process["pid"], process["name"], process["gpu_instance_id"], process["compute_instance_id"])
        for process in processes
    )


def instances(
    entries: Sequence[Dict[str, Any]], profiles: Tuple[Profile, ...], on_card: Tuple[Client, ...]
) -> Tuple[GpuInstance, ...]:
    """The instances in gpu_info's gpu_instances of a card, with those of the card's clients that run on each."""
    by_id = {profile.id: profile for profile in profiles}
    found = [
        GpuInstance(
            by_id[entry["profile_id"]],
            entry["placement"]["start"],
            _compute_instances(entry, on_card),
            on_gpu_instance(on_card, entry["id"]),
        )
        for entry in entries
    ]
    return tuple(sorted(found, key=lambda instance: instance.start))


def _compute_instances(entry: Dict[str, Any], on_card: Tuple[Client, ...]) -> Tuple[ComputeInstance, ...]:
    found = [
        ComputeInstance(
            inner["slices"],
            inner["placement"]["start"],
            inner["uuid"],
            on_compute_instance(on_card, entry["id"], inner["id"]),
            inner["slices"] == entry["slices"] and inner["multiprocessors"] < entry["multiprocessors"],
        )
        for inner in entry["compute_instances"]
    ]
    return tuple(sorted(found, key=lambda instance: instance.start))


def on_gpu_instance(clients: Tuple[Client, ...], gpu_instance_id: int) -> Tuple[Client, ...]:
    """Those of the clients that run on a GPU instance."""
    return tuple(client for client in clients if client.gpu_instance_id == gpu_instance_id)


def on_compute_instance(
    clients: Tuple[Client, ...], gpu_instance_id: int, compute_instance_id: int
) -> Tuple[Client, ...]:
    """Those that run on a compute instance, or somewhere on its GPU instance: NVML does not always tell where."""
    return tuple(
        client
        for client in on_gpu_instance(clients, gpu_instance_id)
        if client.compute_instance_id in (compute_instance_id, None)
    )
