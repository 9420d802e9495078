# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why MIG cannot be had on a card whose driver says that it has none."""

from __future__ import annotations

from typing import List, Optional

from ..common.errors import EdgesiteError
from ..common.lines import as_int
from ..gpu import catalogue
from ..gpu.catalogue import Model
from .card import Card

_OTHERS = "Name only GPUs with MIG (A30, A100, H100, H200, B200 and the like), by model or uuid"


def error(option: str, card: Card) -> EdgesiteError:
    """What is said of a layout with MIG on this card."""
    asks = "{0} asks for MIG on GPU {1}, which ".format(option, card.gpu.label())
    model = _model(card)
    if model is None:
        return EdgesiteError(asks + "does not support it", _OTHERS)
    if model.mig is None:
        return EdgesiteError(asks + "has no MIG", _OTHERS)
    return EdgesiteError(
        asks + "has MIG, but its driver says that it has none", _fix(card, model, model.mig.min_driver)
    )


def hidden(card: Card) -> bool:
    """Whether the card has MIG that its driver does not tell of."""
    model = _model(card)
    return card.enabled is None and model is not None and model.mig is not None


def _model(card: Card) -> Optional[Model]:
    return catalogue.by_pci_device(card.pci_id >> 16) or catalogue.by_name(card.gpu.name)


def _fix(card: Card, model: Model, min_driver: str) -> str:
    """By what is likely."""
    if card.virtualization == "vgpu_guest":
        return "Set the layout on the host of this guest: a vGPU has no MIG of its own"
    newer = "Use driver {0} or newer (driver_branch)".format(min_driver)
    known = _numbers(card.driver)
    if known:
        return _other(card, model) if known >= _numbers(min_driver) else newer + ", and reboot"
    if card.virtualization == "passthrough":
        return newer + " in this guest; if it is, ask who runs its host to pass on the card with MIG"
    if model.display_outputs:
        return newer + ", and set the card to compute mode with NVIDIA's displaymodeselector"
    return newer + ", and reboot"


def _other(card: Card, model: Model) -> str:
    """What is left where the driver is new enough."""
    if card.virtualization == "passthrough":
        return "Ask who runs the host of this guest to pass on the card with MIG"
    if model.display_outputs:
        return "Set the card to compute mode with NVIDIA's displaymodeselector, and reboot"
    return (
        "Reboot the host; if 'nvidia-smi -q -d MIG' still shows N/A, run 'nvidia-bug-report.sh', and send its file to "
        "the maker of the server"
    )


def _numbers(version: str) -> List[int]:
    """A version for comparison; empty for what is none."""
    parts = [as_int(part) for part in version.split(".")]
    return [part for part in parts if part is not None] if None not in parts else []
