# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that have to stand still while a card is reset, and run again afterwards."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

from . import lines
from .disruption import NONE, RESTART, by


class SwitchUnit(NamedTuple):
    """Starts or stops a systemd unit."""

    unit: str
    start: bool


class Units(NamedTuple):
    """active: units that run. stopped: units that an earlier run stopped and did not start again."""

    active: Tuple[str, ...]
    stopped: Tuple[str, ...]


def checked(units: Any, option: str = "quiesce") -> Tuple[str, ...]:
    """The units of an option. Raises EdgesiteError where one cannot be the name of a unit."""
    return lines.each(option, units, lines.UNIT)


def around(actions: Sequence[Any], needed: bool, quiesce: Sequence[str], units: Units) -> List[Any]:
    """The actions, with the units stopped before them where that is needed, and started after them in reverse.

    What an earlier run left stopped is started in any case.
    """
    stops = [unit for unit in quiesce if unit in units.active] if needed else []
    starts = list(reversed(stops)) + [unit for unit in units.stopped if unit not in stops]
    return (
        [SwitchUnit(unit, start=False) for unit in stops]
        + list(actions)
        + [SwitchUnit(unit, start=True) for unit in starts]
    )


def undo(action: SwitchUnit) -> SwitchUnit:
    """The action that takes this one back."""
    return action._replace(start=not action.start)


def after(units: Units, actions: Sequence[SwitchUnit]) -> Units:
    """The units once the actions are done."""
    active, stopped = list(units.active), list(units.stopped)
    for action in actions:
        source, target = (stopped, active) if action.start else (active, stopped)
        if action.unit in source:
            source.remove(action.unit)
        target.append(action.unit)
    return Units(tuple(sorted(active)), tuple(sorted(stopped)))


def describe(action: SwitchUnit) -> Dict[str, Any]:
    """The action for users."""
    verb = "start" if action.start else "stop"
    does = "{0} {1}".format(verb, action.unit)
    return {"does": does, "kind": verb + "_unit", "unit": action.unit, **disruption(action)}


def disruption(action: SwitchUnit) -> Dict[str, Any]:
    """What the action interrupts."""
    return by(NONE) if action.start else by(RESTART, action.unit)
