# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain of jetson_clocks: locked or restored clocks, and the unit that locks them at boot."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

from ...boot import unit as boot
from ...boot.host import ready
from ...boot.host import unit as boot_backend
from ...boot.unit import BootUnit
from ...common import effects
from ...common.host.command import Run
from ...converge import Domain, described_by
from .. import clocks
from ..clocks import Action, Lock, Restore, State
from . import clocks as backend


class JetsonClocksDomain(Domain[State, Action]):
    """Whether the clocks are to be locked, the boot unit that is wanted, and whether the fans run at full speed.

    released: whether check mode foresees that the power mode unlocks them before.
    """

    def __init__(
        self, run: Run, lock: bool, unit: BootUnit, fan: bool = False, released: Callable[[], bool] = lambda: False
    ) -> None:
        self.run = run
        self.lock = lock
        self.unit = unit
        self.fan = fan
        self.released = released

    def observe(self) -> State:
        text = backend.show(self.run)
        ranges, full = clocks.parse_show(text), clocks.at_full_speed(text)
        return self._released(State(ranges, backend.stored(), boot_backend.observe(self.unit), full))

    def booted(self, state: State) -> State:
        return self._released(clocks.booted(state))

    def _released(self, state: State) -> State:
        return clocks.released(state) if self.released() else state

    def plan(self, state: State) -> List[Action]:
        return clocks.plan(self.lock, self.unit, state, self.fan)

    def predict(self, state: State, actions: List[Action]) -> State:
        return clocks.after(state, actions)

    def ready(self, actions: List[Action]) -> None:
        # The unit runs jetson_clocks itself, and needs no host tools.
        ready.check("Locking clocks", boot.NONE)

    def apply(self, action: Action) -> None:
        if isinstance(action, Lock):
            backend.lock(self.run, action.fan)
        elif isinstance(action, Restore):
            backend.restore(self.run)
        else:
            boot_backend.apply(self.run, action)

    def undo(self, action: Action) -> None:
        if isinstance(action, Lock):
            backend.restore(self.run)
        elif isinstance(action, Restore):
            backend.lock(self.run, action.fan)
        else:
            boot_backend.apply(self.run, effects.undo(action))

    def describe(self, action: Action) -> Dict[str, Any]:
        return described_by(clocks, action)

    def render(self, state: State) -> Dict[str, Any]:
        return {
            "clocks": {name: {"min": clock.low, "max": clock.high} for name, clock in state.clocks.items()},
            "boot_unit": {"name": state.boot.unit, "enabled": state.boot.enabled},
            "files": dict(state.boot.files),
        }

    def extras(self, before: State, after: State) -> Dict[str, Any]:
        return {"locked": bool(after.clocks) and clocks.locked(after.clocks), "fan_at_full_speed": bool(after.full)}
