# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a host's driver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional, Tuple

from .parse import Dkms
from .support import Gpu

# kernel drivers that a GPU may have where NVIDIA's is to have it
_GPU_DRIVERS = ("nouveau", "nvidia", "nvidiafb")


@dataclass(frozen=True)
class OnDisk:
    """The module file of one kernel. version and flavour are None where modinfo does not tell."""

    kernel: str
    version: Optional[str]
    flavour: Optional[str] = None
    signed: bool = True

    @property
    def told(self) -> str:
        """Its version in messages, after "kernel module"."""
        return self.version or "of unknown version"


@dataclass(frozen=True)
class Card:
    """A GPU, and the kernel driver that has it. listed: False where NVML works and does not list it, or lost it."""

    gpu: Gpu
    driver: Optional[str] = None
    listed: bool = True


@dataclass(frozen=True)
class Fabric:
    """The fabric manager. version is None where it does not tell."""

    installed: bool
    version: Optional[str] = None
    running: bool = False


@dataclass(frozen=True)
class State:
    """Everything that the verdict depends on.

    kernels: the installed ones, the oldest first; without any, as in a container, disk and next boot are not judged.
    blockers: what holds the loaded module and would not let it go, by name.
    incomplete: packages whose installation broke off.
    fabric: where the driver has NVSwitches, which want a fabric manager.
    installed_by: as in driver/home.py.
    firmware: the GSP firmware that is there, as 580.95.05/gsp_ga10x.bin; None where it is not known.
    """

    running: str
    kernels: Tuple[str, ...] = ()
    newest: Optional[str] = None
    on_disk: Tuple[OnDisk, ...] = ()
    without_headers: Tuple[str, ...] = ()
    loaded: Optional[str] = None
    loaded_flavour: Optional[str] = None
    user_space: Optional[str] = None
    nvml_status: str = "ok"
    incomplete: Tuple[str, ...] = ()
    dkms: Tuple[Dkms, ...] = ()
    secure_boot: str = "unsupported"
    mok_enrolled: Optional[bool] = None
    nouveau_loaded: bool = False
    nouveau_blacklisted: bool = False
    nouveau_available: bool = False
    initramfs_rebuilt: Optional[bool] = None
    blockers: Tuple[str, ...] = ()
    cards: Tuple[Card, ...] = ()
    fabric: Optional[Fabric] = None
    jetson: bool = False
    installed_by: Optional[str] = None
    firmware: Optional[Tuple[str, ...]] = None

    def module(self, kernel: Optional[str]) -> Optional[OnDisk]:
        """The module file of a kernel, or None."""
        for each in self.on_disk:
            if each.kernel == kernel:
                return each
        return None

    @property
    def installed(self) -> bool:
        """Whether anything of the driver is there that could run. Packages that only go with it do not count."""
        return bool(self.loaded or self.user_space or self.on_disk or self.dkms or self.incomplete)

    @property
    def gpus(self) -> List[Gpu]:
        """The GPUs that the driver is for: not those that another driver was given, such as vfio-pci."""
        return [card.gpu for card in self.cards if card.driver is None or card.driver in _GPU_DRIVERS]
