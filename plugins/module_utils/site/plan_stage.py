# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a host is on the way that a plan describes: what is next, or what differs from the plan.

A plan is applied in stages: some of it can be done at once, some only after the driver, a mode or a reboot. After each
stage the host is looked at again, and goes on only where what is left is exactly what the plan lists and was not done
yet. What could not be foreseen when the plan was made is not listed, so it is never done: it takes a new plan.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

from ..common import disruption
from . import plan_file
from .plan_file import Action, Entry
from .plan_shape import IN_ORDER


class Stage(NamedTuple):
    """left: what of the plan is to be done yet. differs: why the host is left as it is."""

    left: Entry
    differs: Tuple[str, ...] = ()

    @property
    def now(self) -> Tuple[str, ...]:
        """The layers that can do something."""
        return tuple(layer["layer"] for layer in self.left["layers"] if not self.differs and _is_ready(layer))

    @property
    def later(self) -> Tuple[str, ...]:
        """The layers whose actions all wait for other layers, or for a reboot."""
        return tuple(layer["layer"] for layer in self.left["layers"] if not self.differs and _waits(layer))

    @property
    def done(self) -> bool:
        """Whether nothing of the plan is left."""
        return not (self.differs or self.now or self.later)


def first(planned: Entry, look: Mapping[str, Any]) -> Stage:
    """What is next for a host that this run has not changed yet. An earlier run may have done a part of the plan.

    The host is as it was when the plan was made, or all is done, or each layer that is not as it was is done or stands
    at the end of a stage. A run that was broken in the middle of a layer takes a new plan.
    """
    found = plan_file.differences(planned, look)
    now = plan_file.entry(look)
    return Stage(planned, tuple(found)) if found and not _resumed(planned, now) else Stage(now)


def reboots(planned: Entry, layer: str) -> bool:
    """Whether a reboot is listed for a layer. One that nobody could foresee, as where modules turn out not to go, is
    not; the look after the stage then says what waits for it.
    """
    listed = plan_file.by_name(planned).get(layer, {"actions": ()})["actions"]
    return any(disruption.kind(one) == disruption.REBOOT for one in listed)


def unlisted(left: Entry, layer: str, done: Sequence[Action]) -> List[str]:
    """What a layer did that is not in the plan, as where the host has changed since the look at it."""
    listed = plan_file.by_name(left).get(layer, {"actions": ()})["actions"]
    return [_unlisted(layer, one) for one in plan_file.less(_unstaged(map(plan_file.action, done)), _unstaged(listed))]


def next_stage(left: Entry, look: Mapping[str, Any], done: Mapping[str, Sequence[Action]]) -> Stage:
    """What is next for a host after a stage. left: that of the stage before.

    done: the actions of that stage by layer, as the modules returned them.
    """
    now = plan_file.entry(look)
    found = plan_file.unfit(look["host"], left, now) or [
        *plan_file.of_layers(left, now, lambda old, new: _of_layer(old, new, done.get(old["layer"], ()))),
        *(told for layer in done for told in unlisted(left, layer, done[layer])),
    ]
    return Stage(left if found else now, tuple(found))


def _of_layer(old: Entry, new: Entry, done: Sequence[Action]) -> List[str]:
    listed, did = _unstaged(old["actions"]), _unstaged(map(plan_file.action, done))
    return [
        *plan_file.desired(old, new),
        *plan_file.of_actions(old["layer"], plan_file.less(listed, did), _unstaged(new["actions"])),
    ]


def _unlisted(layer: str, one: Action) -> str:
    return "{0} did what is not in the plan: {1}".format(layer, plan_file.told(one))


def _unstaged(actions: Any) -> List[Dict[str, Any]]:
    """Without what they wait for, which is over once they can be done."""
    return [{**one, "after": ""} for one in actions]


def _is_ready(layer: Entry) -> bool:
    return not layer["after"] and any(not one["after"] for one in layer["actions"])


def _waits(layer: Entry) -> bool:
    return bool(layer["actions"]) and not _is_ready(layer)


def _resumed(planned: Entry, now: Entry) -> bool:
    old, new = plan_file.by_name(planned), plan_file.by_name(now)
    if not (planned["apply"] and now["apply"]) or planned["desired"] != now["desired"] or set(old) != set(new):
        return False
    if any(old[name]["desired"] != new[name]["desired"] for name in old):
        return False
    return all(map(_in_order, now["layers"])) or all(_goes_on(old[name], new[name]) for name in old)


def _in_order(layer: Entry) -> bool:
    return bool(layer["state"] == IN_ORDER and not layer["actions"] and not layer["after"])


def _goes_on(old: Entry, new: Entry) -> bool:
    if old == new:
        return True
    waited = bool(old["actions"] or old["after"])
    return waited and (_in_order(new) or _at_a_stage(old, new))


def _at_a_stage(old: Entry, new: Entry) -> bool:
    """Whether what is left can be done now, and is all that the plan lists from the begin of a stage on."""
    if new["after"] or not new["actions"] or new["actions"][0]["after"]:
        return False
    left = _unstaged(new["actions"])
    listed = old["actions"]
    return any(_begins(old, place) and _unstaged(listed[place:]) == left for place in range(len(listed)))


def _begins(layer: Entry, place: int) -> bool:
    """Whether the action there waits for what the one before it does not."""
    if place == 0:
        return bool(layer["after"])
    return layer["actions"][place]["after"] not in ("", layer["actions"][place - 1]["after"])
