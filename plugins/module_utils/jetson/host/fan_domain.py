# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain of jetson_fan: the profile that nvfancontrol drives the fans of a Jetson by."""

from __future__ import annotations

from typing import Any, Dict, List

from ...boot.host import ready
from ...boot.unit import NONE
from ...common.host.command import Run
from ...converge import PlannedDomain
from .. import fan as jetson_fan
from .. import own_lines
from ..fan import SetProfile, State, Wanted
from . import fan as backend


class JetsonFanDomain(PlannedDomain[State, SetProfile]):
    """The profile that is wanted, by its name, and the user's own curves."""

    rules = jetson_fan

    def __init__(self, run: Run, wanted: Wanted) -> None:
        self.run = run
        self.wanted = wanted

    def observe(self) -> State:
        return backend.observe(self.run)

    def booted(self, state: State) -> State:
        return jetson_fan.booted(state)

    def ready(self, actions: List[SetProfile]) -> None:
        ready.check("Changing the fan profile", NONE)

    def apply(self, action: SetProfile) -> None:
        backend.apply(self.run, action.text)

    def undo(self, action: SetProfile) -> None:
        backend.apply(self.run, action.previous)

    def render(self, state: State) -> Dict[str, Any]:
        in_force = state.in_force or {}
        return {
            "fans": [
                {"fan": fan.number, "default": fan.default, "profile": in_force.get(fan.number)} for fan in state.fans
            ],
            "running": state.active,
            "curves": own_lines.shown(state.text),
        }

    def extras(self, before: State, after: State) -> Dict[str, Any]:
        return {"profiles": jetson_fan.common(after.fans)}
