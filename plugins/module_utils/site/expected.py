# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What layers of GPUs will probably do once a driver is there: by the cards on the PCI bus and the catalogue.

A new card has MIG off and its own defaults. The driver may find another one, so this is shown and never applied.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence

from ..common import disruption
from ..common.errors import EdgesiteError
from ..gpu import catalogue, settings
from ..gpu.catalogue import Model
from ..gpu.selectors import GpuId
from ..gpu.settings import GpuState
from ..mig import actions as mig_actions
from ..mig import card as mig_card
from ..mig import plan, ready, source
from ..mig.card import Card
from ..outcome import given
from . import plan_shape

Options = Mapping[str, Any]
Actions = List[Dict[str, Any]]

NVIDIA = "10de"
# Of a card on the PCI bus
_CARD = {
    "pci_bus_id": str,
    "device_id": plan_shape.Fits(re.compile(r"(?:0x)?[0-9a-fA-F]{1,8}"), "a number in hexadecimal"),
}


class _Gpu(NamedTuple):
    """A card on the PCI bus. Its UUID is not known yet; where one is needed, its PCI id stands for it."""

    gpu: GpuId
    device: int
    model: Model

    @property
    def short(self) -> str:
        return disruption.gpu(str(self.gpu.index))

    @property
    def label(self) -> str:
        return "{0} {1} ({2})".format(self.gpu.index, self.gpu.name, self.gpu.pci_bus_id)


def actions(layer: str, options: Options, facts: Mapping[str, Any]) -> Actions:
    """Those of a layer that waits for the driver; none where the catalogue does not know the cards.

    options: of the layer's module, completed. facts: gpu_info's.
    """
    gpus = _gpus(facts.get("accelerators"))
    if not gpus or layer not in _LAYERS:
        return []
    try:
        return _LAYERS[layer](options, gpus)
    except EdgesiteError:
        # The layer itself will say it, of the cards as they are.
        return []


def _gpus(accelerators: Any) -> List[_Gpu]:
    """In the order in which NVML numbers them; none where it is not known of each what it is.

    accelerators: what a host says, which may be anything.
    """
    listed = accelerators if isinstance(accelerators, list) else []
    ours = [one for one in listed if isinstance(one, dict) and one.get("vendor_id") == NVIDIA]
    if plan_shape.flaw(ours, [_CARD], others=True):
        return []
    found = []
    for index, one in enumerate(sorted(ours, key=lambda one: str(one["pci_bus_id"]))):
        device = int(one["device_id"], 16)
        model = catalogue.by_pci_device(device)
        if model is not None:
            address = str(one["pci_bus_id"])
            found.append(_Gpu(GpuId(index, address, address, model.name), device, model))
    return found if len(found) == len(ours) else []


def _settings(options: Options, gpus: Sequence[_Gpu]) -> Actions:
    wanted = [given(entry) for entry in options["settings"]]
    values = {gpu.index: of_gpu for gpu, of_gpu in settings.judge(wanted, [_state(one) for one in gpus])[1]}
    return [
        _setting(one, key, settings.show(key, values[one.gpu.index][key]))
        for one in gpus
        for key in settings.KEYS
        if key in values.get(one.gpu.index, {})
    ]


def _state(one: _Gpu) -> GpuState:
    power, clocks = one.model.power, one.model.clocks
    return GpuState(
        one.gpu,
        dict.fromkeys(settings.KEYS),
        power_default=power.default_mw,
        power_range=(power.min_mw, power.max_mw),
        memory_clock_range=(clocks.memory_min, clocks.memory_max),
        gpu_clock_range=(clocks.graphics_min, clocks.graphics_max),
    )


def _setting(one: _Gpu, key: str, value: Any) -> Dict[str, Any]:
    does = "set {0} of GPU {1} to {2}".format(key, one.label, value)
    return {"does": does, "setting": key, "from": None, "to": value, **disruption.by(disruption.NONE)}


def _layouts(options: Options, gpus: Sequence[_Gpu]) -> Actions:
    cards = [_card(one) for one in gpus]
    policy = plan.Policy(options["disruption"], options["reset"])
    made = plan.judge(_wanted(options, cards), cards, policy).actions
    by_index = {one.gpu.index: one for one in gpus}
    return [_of_card(by_index[action.gpu.index], action) for action in made]


def _card(one: _Gpu) -> Card:
    mig = one.model.mig
    if mig is None:
        return Card(one.gpu, None)
    profiles = mig_card.catalogued(one.device, one.gpu.name)
    pci_id = one.device << 16 | catalogue.PCI_VENDOR_NVIDIA
    return Card(one.gpu, False, False, not mig.mode_change_needs_reset, "none", profiles, pci_id=pci_id)


def _wanted(options: Options, cards: Sequence[Card]) -> List[Dict[str, Any]]:
    if options["layouts"] is not None:
        return [given(layout) for layout in options["layouts"]]
    if options["mig_parted"] is not None:
        return source.from_parted(options["mig_parted"], options["config"], cards)
    return ready.layouts(options["config"], cards, "mig_config")


def _of_card(one: _Gpu, action: mig_actions.Action) -> Dict[str, Any]:
    told = mig_actions.describe(action)
    del told["uuid"]
    return {**told, "does": told["does"].replace(one.gpu.label(), one.label), "of": [one.short]}


_LAYERS: Dict[str, Callable[[Options, Sequence[_Gpu]], Actions]] = {"gpu": _settings, "mig": _layouts}
