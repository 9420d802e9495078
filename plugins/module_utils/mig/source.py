# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layouts in other forms than mig_layout's own."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence

from ..common import errors
from . import parted, without
from .card import Card, ComputeInstance, GpuInstance


def from_parted(document: Any, config: Optional[str], cards: Sequence[Card]) -> List[Dict[str, Any]]:
    """The layouts that a configuration of nvidia-mig-parted gives these cards. Raises EdgesiteError."""
    return parted.layouts(document, config, [_parted(card) for card in cards])


def called(config: Optional[str], from_file: bool) -> str:
    """What messages call layouts that come from a configuration by its name, in place of layouts[0]."""
    if not from_file:
        return "mig_config (the option config), which is {0},".format(errors.shown(config))
    which = "its only configuration" if config is None else "configuration {0}".format(errors.shown(config))
    return "mig_from_file (the option from_file), {0},".format(which)


def to_parted(name: str, cards: Sequence[Card]) -> Dict[str, Any]:
    """What the cards have, as a configuration of nvidia-mig-parted."""
    return parted.document(name, [(_parted(card), bool(card.enabled), _devices(card)) for card in cards])


def to_layouts(cards: Sequence[Card]) -> List[Dict[str, Any]]:
    """What the cards have, as the option layouts of mig_layout."""
    return [_layout(card) for card in cards if card.enabled is not None]


def _layout(card: Card) -> Dict[str, Any]:
    layout: Dict[str, Any] = {"gpus": [{"uuid": card.gpu.uuid}], "mig": "enabled" if card.enabled else "disabled"}
    if card.enabled:
        layout["instances"] = [
            {
                "profile": held.profile.name,
                "placement": held.start,
                "compute_instances": _counted(["{0}c".format(inner.slices) for inner in held.compute]),
            }
            for held in card.instances
            if held.compute
        ]
    return layout


def _counted(names: Sequence[str]) -> Dict[str, int]:
    return {name: names.count(name) for name in names}


def _devices(card: Card) -> List[str]:
    return [
        held.profile.name if _is_all(inner, held) else "{0}c.{1}".format(inner.slices, held.profile.name)
        for held in card.instances
        for inner in held.compute
    ]


def _is_all(inner: ComputeInstance, held: GpuInstance) -> bool:
    return inner.slices == held.profile.slices and not inner.partial


def _parted(card: Card) -> parted.PartedGpu:
    # what its driver does not tell of is told, and not passed over
    capable = card.enabled is not None or without.hidden(card)
    return parted.PartedGpu(card.gpu, card.pci_id, capable, card.subsystem_id)
