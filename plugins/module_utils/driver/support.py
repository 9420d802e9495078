# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which flavour and branch of NVIDIA's driver a GPU can run, by its architecture; known without a driver."""

from __future__ import annotations

from typing import List, NamedTuple, Optional, Sequence, Tuple

from ..common.errors import EdgesiteError
from ..common.lines import as_int
from ..gpu import catalogue
from . import floors
from .versions import OPEN, PROPRIETARY

AUTO = "auto"
FLAVOURS = (AUTO, OPEN, PROPRIETARY)
# The first branch with open modules that are supported in production, for data centre cards
_FIRST_OPEN_BRANCH = 515
# From this branch on NVIDIA's installers take the open modules where the card can run them
_OPEN_BY_DEFAULT = 560


class Gpu(NamedTuple):
    """A GPU as the PCI bus shows it. architecture and name are None where they are not known."""

    pci_bus_id: str
    pci_device_id: str
    architecture: Optional[str] = None
    name: Optional[str] = None

    @property
    def label(self) -> str:
        """How it is called in messages."""
        known = self.name or (self.architecture and "{0} GPU".format(self.architecture.capitalize()))
        return "{0} ({1})".format(known or "GPU 10de:" + self.pci_device_id, self.pci_bus_id)


class Problem(NamedTuple):
    """Why a driver cannot run here, and what to do."""

    reason: str
    fix: str


class _Support(NamedTuple):
    flavours: Tuple[str, ...]
    oldest: int
    newest: Optional[int]


# NVIDIA's releases: "Open Linux Kernel Modules" in the driver's README, and the notes on the end of support of each
# architecture. newest is None while branches still come out.
_SUPPORT = {
    "kepler": _Support((PROPRIETARY,), 304, 470),
    "maxwell": _Support((PROPRIETARY,), 343, 580),
    "pascal": _Support((PROPRIETARY,), 367, 580),
    "volta": _Support((PROPRIETARY,), 384, 580),
    "turing": _Support((OPEN, PROPRIETARY), 410, None),
    "ampere": _Support((OPEN, PROPRIETARY), 450, None),
    "ada": _Support((OPEN, PROPRIETARY), 525, None),
    "hopper": _Support((OPEN, PROPRIETARY), 525, None),
    "blackwell": _Support((OPEN,), 570, None),
}

# First and last PCI device id of GPUs, by architecture: pci.ids of 2026-08-22 (github.com/pciutils/pciids), where the
# code names of chips tell it. Between them are ids of audio functions, bridges and NVSwitches, which are no GPUs.
_RANGES: Tuple[Tuple[int, int, str], ...] = (
    (0x0FC0, 0x103F, "kepler"),
    (0x1180, 0x11FF, "kepler"),
    (0x1280, 0x130F, "kepler"),
    (0x1340, 0x143F, "maxwell"),
    (0x15C0, 0x15FF, "pascal"),
    (0x1610, 0x167F, "maxwell"),
    (0x1720, 0x172F, "pascal"),
    (0x1740, 0x17FF, "maxwell"),
    (0x1B00, 0x1D7F, "pascal"),
    (0x1D80, 0x1DFF, "volta"),
    (0x1E00, 0x1FFF, "turing"),
    (0x2080, 0x20FF, "ampere"),
    (0x2180, 0x21FF, "turing"),
    (0x2200, 0x229F, "ampere"),
    (0x2300, 0x23FF, "hopper"),
    (0x2400, 0x25FF, "ampere"),
    (0x2600, 0x28FF, "ada"),
    (0x2900, 0x2FFF, "blackwell"),
    (0x3180, 0x33FF, "blackwell"),
)
# Of branch 535 and newer, open-gpu-kernel-modules' kernel-open/common/inc/nv-firmware.h; older ones have other names.
# GA100, the chip of A100, A800 and A30, takes Turing's.
_FIRST_GSP_BRANCH = 535
_GSP_TURING, _GSP = "gsp_tu10x.bin", "gsp_ga10x.bin"
_GA100 = range(0x2080, 0x2100)
# Hopper on a Grace module, which the proprietary modules do not know
_GRACE_HOPPER = (0x2342, 0x2343, 0x2345, 0x2348)


def architecture(pci_device_id: str) -> Optional[str]:
    """The architecture of a GPU of NVIDIA's, None for an id that this collection does not know."""
    number = _number(pci_device_id)
    model = catalogue.by_pci_device(number)
    if model:
        return model.architecture
    for first, last, name in _RANGES:
        if first <= number <= last:
            return name
    return None


def name(pci_device_id: str) -> Optional[str]:
    """The model, None for one that is not in the catalogue."""
    model = catalogue.by_pci_device(_number(pci_device_id))
    return model.name if model else None


def branch_of(version: Optional[str]) -> Optional[int]:
    """The branch of a version or of a branch's name: 580 of 580.95.05 and of 580-server; None for anything else."""
    digits = (version or "").partition(".")[0].partition("-")[0]
    return as_int(digits)


def flavours(gpu: Gpu) -> Tuple[str, ...]:
    """What the GPU can run; both where it is not known."""
    if gpu.architecture == "hopper" and _number(gpu.pci_device_id) in _GRACE_HOPPER:
        return (OPEN,)
    known = _SUPPORT.get(gpu.architecture or "")
    return known.flavours if known else (OPEN, PROPRIETARY)


def branches(gpu: Gpu) -> Tuple[Optional[int], Optional[int]]:
    """The oldest and the newest branch that run the GPU; None for no limit known."""
    known = _SUPPORT.get(gpu.architecture or "")
    number = _number(gpu.pci_device_id)
    model = catalogue.by_pci_device(number)
    of_model = branch_of(model.min_driver) if model else None
    oldest = floors.of(number) or of_model or (known.oldest if known else None)
    return oldest, known.newest if known else None


def firmware(gpu: Gpu, branch: Optional[int]) -> Optional[str]:
    """The GSP firmware that the open modules of a branch load for the GPU; None where that is not known."""
    known = _SUPPORT.get(gpu.architecture or "")
    if branch is None or branch < _FIRST_GSP_BRANCH or known is None or OPEN not in known.flavours:
        return None
    return _GSP_TURING if gpu.architecture == "turing" or _number(gpu.pci_device_id) in _GA100 else _GSP


def unsupported(gpus: Sequence[Gpu], flavour: Optional[str], branch: Optional[int]) -> List[Problem]:
    """Why this flavour and branch cannot run these GPUs. What is None is not judged."""
    found = []
    for gpu in gpus:
        found += _flavour_problem(gpu, flavour) + _branch_problem(gpu, branch)
    if flavour == OPEN and branch is not None and branch < _FIRST_OPEN_BRANCH:
        reason = "branch {0} has no open kernel modules; branch {1} is the first that has them".format(
            branch, _FIRST_OPEN_BRANCH
        )
        found.append(Problem(reason, "Set driver_flavour: proprietary, or set driver_branch to a newer one"))
    return found


def judge(
    gpus: Sequence[Gpu],
    flavour: Optional[str],
    branch: Optional[int],
    secure_boot: Optional[str] = None,
    mok_enrolled: Optional[bool] = None,
    signed: bool = False,
) -> List[Problem]:
    """Why a driver that is to be installed would not run here.

    flavour: open or proprietary. signed: the modules come signed with a key that the firmware already knows, as
    Canonical's linux-modules-nvidia do; those that DKMS builds are signed with the host's own key (MOK).
    """
    found = unsupported(gpus, flavour, branch)
    if secure_boot == "enabled" and not signed and not mok_enrolled:
        lacks = "is not enrolled" if mok_enrolled is False else "may not be enrolled (this cannot be determined)"
        found.append(
            Problem(
                "Secure Boot is on, and the key that modules built on this host are signed with {0}: "
                "the kernel would refuse the driver".format(lacks),
                "Use a source with signed modules, or enrol the key at the console (mokutil --import "
                "/var/lib/dkms/mok.pub, then reboot and confirm), or turn Secure Boot off",
            )
        )
    return found


def choose(gpus: Sequence[Gpu], flavour: str = AUTO, branch: Optional[int] = None) -> str:
    """The flavour to install: what all of the GPUs can run. Raises EdgesiteError where there is none.

    auto takes the open modules where all cards can run them and the branch has them as NVIDIA's own default.
    """
    if flavour != AUTO:
        return flavour
    known = [gpu for gpu in gpus if gpu.architecture]
    if gpus and not known:
        raise EdgesiteError(
            "driver_flavour is 'auto', but the architecture of {0} is not known".format(_list(gpus)),
            "Set driver_flavour to 'open' (every GPU since Turing) or 'proprietary' for this host",
        )
    possible = [each for each in (OPEN, PROPRIETARY) if all(each in flavours(gpu) for gpu in known)]
    if not possible:
        needs_open = [gpu for gpu in known if flavours(gpu) == (OPEN,)]
        needs_other = [gpu for gpu in known if flavours(gpu) == (PROPRIETARY,)]
        raise EdgesiteError(
            "no flavour of the driver supports all GPUs of this host: {0} needs the open kernel modules, {1} the "
            "proprietary ones".format(_list(needs_open), _list(needs_other)),
            "Move these cards to different hosts",
        )
    if len(possible) == 2 and branch is not None and branch < _OPEN_BY_DEFAULT:
        return PROPRIETARY
    return possible[0]


def _flavour_problem(gpu: Gpu, flavour: Optional[str]) -> List[Problem]:
    possible = flavours(gpu)
    if flavour not in (OPEN, PROPRIETARY) or flavour in possible:
        return []
    reason = "{0} does not work with the {1} kernel modules, only with the {2} ones".format(
        gpu.label, flavour, possible[0]
    )
    return [Problem(reason, "Set driver_flavour: {0}".format(possible[0]))]


def _branch_problem(gpu: Gpu, branch: Optional[int]) -> List[Problem]:
    oldest, newest = branches(gpu)
    if branch is None:
        return []
    if newest is not None and branch > newest:
        reason = "{0} is supported up to branch {1}, not by branch {2}".format(gpu.label, newest, branch)
        return [Problem(reason, "Set driver_branch to {0} or older".format(newest))]
    if oldest is not None and branch < oldest:
        reason = "{0} needs branch {1} or newer; branch {2} does not support it".format(gpu.label, oldest, branch)
        return [Problem(reason, "Set driver_branch to {0} or newer".format(oldest))]
    return []


def _number(pci_device_id: str) -> int:
    try:
        return int(pci_device_id, 16)
    except ValueError:
        return 0


def _list(gpus: Sequence[Gpu]) -> str:
    return ", ".join(gpu.label for gpu in gpus)
