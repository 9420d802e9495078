# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The looks of a plan as values that can be shown: every text is one line without control characters.

Hosts say what is in a look. What is not of the form that host_plan has is taken for nothing, and raises nothing: the
other hosts of the plan are shown all the same.
"""

from __future__ import annotations

import math
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Set, Tuple

from ..common import disruption, lines
from .plan_shape import CHANGES, IN_ORDER, PROBLEM, UNKNOWN

READ, FAILED, UNREACHABLE = "read", "failed", "unreachable"
# Keys of a layer that programs get as they are
EXTRAS = ("created", "kept", "destroyed", "left_behind")


class Action(NamedTuple):
    """keys: all that the layer says of it. after: see the look of host_plan, which says it of a whole layer too."""

    does: str
    disruption: str
    of: Tuple[str, ...]
    after: str
    keys: Mapping[str, Any]

    @property
    def gpus(self) -> List[str]:
        """The GPUs that it is done to: by UUID, or as GPU 0 where that is not known, as before a driver is there."""
        uuid = self.keys.get("uuid")
        return [uuid] if isinstance(uuid, str) and uuid else list(self.of)


class Layer(NamedTuple):
    """One layer of a host. mig_before: by UUID of a GPU, whether MIG is enabled. extras: those of EXTRAS it has."""

    name: str
    state: str
    after: str
    problem: str
    fix: str
    actions: Tuple[Action, ...]
    reboot_required: bool
    mig_before: Mapping[str, str]
    extras: Mapping[str, List[Any]]


class Gpu(NamedTuple):
    """A GPU as facts name it. number: its index; None where they do not say."""

    number: Optional[int]
    name: str


class Host(NamedTuple):
    """One look. gpus: by UUID. observed, desired: digests."""

    name: str
    status: str
    why: str
    layers: Tuple[Layer, ...]
    left: Tuple[str, ...]
    gpus: Mapping[str, Gpu]
    observed: str
    desired: str

    @property
    def actions(self) -> List[Action]:
        return [action for layer in self.layers for action in layer.actions]

    @property
    def reboots(self) -> bool:
        asked = any(layer.reboot_required for layer in self.layers)
        return asked or any(action.disruption == disruption.REBOOT for action in self.actions)

    @property
    def worst(self) -> str:
        kinds = (worst(self.actions), disruption.REBOOT if self.reboots else disruption.NONE)
        return max(kinds, key=disruption.KINDS.index)

    @property
    def resets(self) -> Set[str]:
        """The GPUs that are reset, by UUID where it is known."""
        resetting = (action for action in self.actions if action.disruption == disruption.RESET)
        known = {"GPU {0}".format(gpu.number): uuid for uuid, gpu in self.gpus.items()}
        return {known.get(" ".join(gpu.split()[:2]), gpu) for action in resetting for gpu in action.gpus}

    @property
    def wipes(self) -> Set[str]:
        """The disks that lose their data."""
        wiping = (action for action in self.actions if action.disruption == disruption.WIPE)
        return {disk for action in wiping for disk in action.of or (action.does,)}

    @property
    def problems(self) -> int:
        """How many layers have one."""
        return sum(layer.state == PROBLEM for layer in self.layers)

    @property
    def unknowns(self) -> int:
        """How many layers nothing is known of; those that wait for another are as they should be."""
        return sum(layer.state == UNKNOWN and not layer.after for layer in self.layers)

    @property
    def in_order(self) -> bool:
        settled = all(layer.state == IN_ORDER and not layer.after for layer in self.layers)
        return self.status == READ and settled and not self.actions and not self.reboots


def worst(actions: Iterable[Action]) -> str:
    """The worst disruption of the actions."""
    return max((action.disruption for action in actions), key=disruption.KINDS.index, default=disruption.NONE)


def of(looks: Any) -> List[Host]:
    """The hosts of these looks, in their order."""
    return [_host(each) for each in _dicts(looks)]


def plain(value: Any) -> Any:
    """The value as JSON has it, of plain types and not Ansible's own, and every text in it in one line."""
    if isinstance(value, str):
        return lines.in_one(value)
    if isinstance(value, dict):
        return {_text(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return lines.in_one(str(value))


def _host(look: Mapping[str, Any]) -> Host:
    status = _text(look.get("status"))
    return Host(
        _text(look.get("host")),
        status if status in (READ, UNREACHABLE) else FAILED,
        _text(look.get("why")),
        tuple(_layer(layer) for layer in _dicts(look.get("layers"))) if status == READ else (),
        tuple(_texts(look.get("left"))),
        _gpus(look.get("facts")),
        _text(look.get("observed")),
        _text(look.get("desired")),
    )


def _layer(layer: Mapping[str, Any]) -> Layer:
    listed, expected = (_dicts(layer.get(name)) for name in ("actions", "expected"))
    actions = tuple(_action(action) for action in listed or expected)
    return Layer(
        _text(layer.get("layer")),
        CHANGES if expected else _state(_text(layer.get("state")), bool(actions)),
        _text(layer.get("after")),
        _text(layer.get("problem")),
        _text(layer.get("fix")),
        actions,
        layer.get("reboot_required") is True,
        _mig(layer.get("before")),
        {name: plain(_dicts(layer.get(name))) for name in EXTRAS if name in layer},
    )


def _state(told: str, has_actions: bool) -> str:
    """A layer with actions is not in order, whatever the host calls it."""
    if told in (PROBLEM, UNKNOWN):
        return told
    if has_actions:
        return CHANGES
    return told if told in (IN_ORDER, CHANGES) else UNKNOWN


def _action(action: Mapping[str, Any]) -> Action:
    kind = disruption.kind(action)
    return Action(
        _text(action.get("does")),
        # What nobody knows counts as the worst.
        kind if kind in disruption.KINDS else disruption.KINDS[-1],
        tuple(_texts(action.get("of"))),
        _text(action.get("after")),
        plain(action),
    )


def _gpus(facts: Any) -> Dict[str, Gpu]:
    found = _dicts(_dict(facts).get("gpus"))
    return {_text(gpu.get("uuid")): Gpu(_whole(gpu.get("index")), _text(gpu.get("name"))) for gpu in found}


def _mig(before: Any) -> Dict[str, str]:
    gpus = _dict(_dict(before).get("gpus"))
    return {_text(uuid): _text(_dict(gpu).get("mig")) for uuid, gpu in gpus.items()}


def _whole(value: Any) -> Optional[int]:
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> List[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, (list, tuple)) else []


def _texts(value: Any) -> Iterable[str]:
    return [_text(each) for each in value] if isinstance(value, (list, tuple)) else []


def _text(value: Any) -> str:
    return "" if value is None else lines.in_one(str(value))
