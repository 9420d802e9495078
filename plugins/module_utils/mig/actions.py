# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done to a card's MIG layout: one action for each call of NVML, named by place, as ids change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, List, NamedTuple, Sequence, Union

from ..common.clients import Client
from ..common.disruption import DESTROY, NONE, RESET, by
from ..common.disruption import gpu as named
from ..common.errors import EdgesiteError
from ..gpu.selectors import GpuId
from .card import Card, ComputeInstance, GpuInstance, Profile, slices


class SetMode(NamedTuple):
    """nvmlDeviceSetMigMode. waits: the mode can only become pending here (a guest with the whole card).

    resets: it resets the card.
    """

    gpu: GpuId
    enabled: bool
    previous: bool
    waits: bool = False
    resets: bool = False


class MakeGpuInstance(NamedTuple):
    """Creates or destroys the GPU instance of a profile at a start."""

    gpu: GpuId
    profile: Profile
    start: int
    create: bool


class MakeComputeInstance(NamedTuple):
    """Creates or destroys the compute instance of so many slices at a start within the GPU instance named first.

    partial: as a compute instance of the card has it; only destroyed, and made again where that is taken back.
    """

    gpu: GpuId
    profile: Profile
    start: int
    slices: int
    inner_start: int
    create: bool
    partial: bool = False


class MakeLater(NamedTuple):
    """Makes the instances of a card whose profiles are known only once MIG is on. words: the user's for them."""

    gpu: GpuId
    words: str


class EndClient(NamedTuple):
    """Ends a process that is in the way (disruption: force)."""

    gpu: GpuId
    client: Client


_MAKES = ("create_gpu_instance", "create_compute_instance")

Action = Union[SetMode, MakeGpuInstance, MakeComputeInstance, EndClient]


def undo(action: Action) -> Action:
    """The action that takes this one back. Raises EdgesiteError where there is none."""
    if isinstance(action, SetMode):
        return action._replace(enabled=action.previous, previous=action.enabled)
    if isinstance(action, EndClient):
        raise EdgesiteError("{0} was terminated and cannot be started again from here".format(action.client.label()))
    return action._replace(create=not action.create)


def after(cards: Sequence[Card], actions: Sequence[Action]) -> List[Card]:
    """The cards once the actions are done; what only the driver knows, such as a UUID, is None."""
    found = {card.gpu: card for card in cards}
    for action in actions:
        found[action.gpu] = _after(found[action.gpu], action)
    return list(found.values())


def _after(card: Card, action: Action) -> Card:
    if isinstance(action, SetMode):
        if action.waits:
            return replace(card, pending=action.enabled)
        return replace(card, enabled=action.enabled, pending=action.enabled)
    if isinstance(action, EndClient):
        return _without(card, action.client)
    others = tuple(held for held in card.instances if held.place != (action.profile.id, action.start))
    if isinstance(action, MakeGpuInstance):
        made = (GpuInstance(action.profile, action.start, ()),) if action.create else ()
        return replace(card, instances=_sorted(others + made))
    (mine,) = (held for held in card.instances if held not in others)
    compute = tuple(inner for inner in mine.compute if (inner.slices, inner.start) != action[3:5])
    if action.create:
        compute += (ComputeInstance(action.slices, action.inner_start, partial=action.partial),)
    return replace(
        card, instances=_sorted(others + (replace(mine, compute=tuple(sorted(compute, key=lambda ci: ci.start))),))
    )


def _sorted(instances: Sequence[GpuInstance]) -> Any:
    return tuple(sorted(instances, key=lambda instance: instance.start))


def _without(card: Card, client: Client) -> Card:
    def left(clients: Sequence[Client]) -> Any:
        return tuple(other for other in clients if other.pid != client.pid)

    return replace(
        card,
        clients=left(card.clients),
        instances=tuple(
            replace(
                held,
                clients=left(held.clients),
                compute=tuple(replace(inner, clients=left(inner.clients)) for inner in held.compute),
            )
            for held in card.instances
        ),
    )


def booted(card: Card) -> Card:
    """The card after a reboot: the pending mode is in force; instances and programs are gone."""
    if card.pending is None:
        return card
    return replace(card, enabled=card.pending, instances=(), clients=())


def needs_mode(action: object, earlier: Sequence[object]) -> bool:
    """Whether an instance is made once a change of the mode among the earlier actions is done."""
    return isinstance(action, (MakeGpuInstance, MakeComputeInstance)) and any(
        isinstance(one, SetMode) and one.gpu == action.gpu and not one.waits for one in earlier
    )


def describe(action: Action) -> Dict[str, Any]:
    """The action for users."""
    return {**_described(action), **disruption(action)}


def later(action: MakeLater, steps: Sequence[str] = ()) -> Dict[str, Any]:
    """The action for users. steps: what was done for it; none before that is known."""
    told = {
        "does": "create the instances of GPU {0}: {1}".format(action.gpu.label(), action.words),
        "kind": "create_instances",
        "uuid": action.gpu.uuid,
        **by(NONE),
    }
    return {**told, "steps": list(steps)} if steps else told


def gathered(described: Sequence[Dict[str, Any]], those: Sequence[MakeLater]) -> List[Dict[str, Any]]:
    """What was done, in which the instances of those cards are told as they could be told before."""
    by_uuid = {action.gpu.uuid: action for action in those}
    found: Dict[str, Dict[str, Any]] = {}
    told = []
    for one in described:
        action = by_uuid.get(one.get("uuid", "")) if one.get("kind") in _MAKES else None
        if action is None:
            told.append(one)
        elif action.gpu.uuid in found:
            found[action.gpu.uuid]["steps"].append(one["does"])
        else:
            found[action.gpu.uuid] = later(action, [one["does"]])
            told.append(found[action.gpu.uuid])
    return told


def disruption(action: Action) -> Dict[str, Any]:
    """What the action interrupts. Programs in instances that are destroyed are ended before that."""
    if isinstance(action, EndClient):
        return by(RESET, action.client.label())
    if isinstance(action, SetMode):
        return by(RESET, named(action.gpu.label())) if action.resets else by(NONE)
    return by(NONE) if action.create else by(DESTROY, named(action.gpu.label()))


def _described(action: Action) -> Dict[str, Any]:
    of_gpu = "of GPU " + action.gpu.label()
    if isinstance(action, SetMode):
        does = "turn {0} MIG mode {1}".format("on" if action.enabled else "off", of_gpu)
        return {
            "does": does,
            "kind": "set_mode",
            "uuid": action.gpu.uuid,
            "mode": "enabled" if action.enabled else "disabled",
        }
    if isinstance(action, EndClient):
        does = "terminate {0} on GPU {1}".format(action.client.label(), action.gpu.label())
        return {"does": does, "kind": "end_process", "uuid": action.gpu.uuid, "pid": action.client.pid}
    verb = "create" if action.create else "destroy"
    where = "{0} {1}".format(slices(action.start, action.profile.size), of_gpu)
    common = {
        "uuid": action.gpu.uuid,
        "profile": action.profile.name,
        "placement": {"start": action.start, "size": action.profile.size},
    }
    if isinstance(action, MakeGpuInstance):
        does = "{0} GPU instance {1} on {2}".format(verb, action.profile.name, where)
        return dict(common, does=does, kind=verb + "_gpu_instance")
    return dict(
        common,
        does="{0} compute instance {1}c at {2} of GPU instance {3} on {4}".format(
            verb, action.slices, action.inner_start, action.profile.name, where
        ),
        kind=verb + "_compute_instance",
        compute_placement={"start": action.inner_start, "size": action.slices},
    )
