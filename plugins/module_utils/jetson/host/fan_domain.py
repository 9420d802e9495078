# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain of jetson_fan: the profile that nvfancontrol drives the fans of a Jetson by."""

from __future__ import annotations

from typing import Any, Dict, List

from ...boot.host import ready
from ...boot.unit import NONE
from ...common.host.command import Run
from ...converge import Domain
from .. import fan as jetson_fan
from ..fan import SetProfile, State
from . import fan as backend


class JetsonFanDomain(Domain[State, SetProfile]):
    """The profile that is wanted, by its name."""

    def __init__(self, run: Run, profile: str) -> None:
        self.run = run
        self.profile = profile

    def observe(self) -> State:
        return backend.observe(self.run)

    def plan(self, state: State) -> List[SetProfile]:
        return jetson_fan.plan(self.profile, state)

    def predict(self, state: State, actions: List[SetProfile]) -> State:
        return jetson_fan.after(state, actions)

    def ready(self, actions: List[SetProfile]) -> None:
        ready.check("Changing the fan profile", NONE)

    def apply(self, action: SetProfile) -> None:
        backend.apply(self.run, action.text)

    def undo(self, action: SetProfile) -> None:
        backend.apply(self.run, action.previous)

    def describe(self, action: SetProfile) -> Dict[str, Any]:
        return {"does": jetson_fan.describe(action)}

    def render(self, state: State) -> Dict[str, Any]:
        in_force = state.in_force or {}
        return {
            "fans": [
                {"fan": fan.number, "default": fan.default, "profile": in_force.get(fan.number)} for fan in state.fans
            ],
            "running": state.active,
        }

    def extras(self, before: State, after: State) -> Dict[str, Any]:
        return {"profiles": jetson_fan.common(after.fans)}
