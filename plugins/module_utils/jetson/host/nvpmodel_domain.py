# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain of nvpmodel: the power mode of a Jetson."""

from __future__ import annotations

from typing import Any, Dict, List

from ...boot.host import ready
from ...boot.host import unit as boot_unit
from ...boot.unit import NONE
from ...common.host.command import Run
from ...converge import PlannedDomain
from .. import clocks, nvpmodel, own_lines
from ..nvpmodel import Action, State, Wanted
from . import nvpmodel as backend


class NvpmodelDomain(PlannedDomain[State, Action]):
    """The mode that is wanted, by its name, and the user's own modes."""

    rules = nvpmodel

    def __init__(self, run: Run, wanted: Wanted) -> None:
        self.run = run
        self.wanted = wanted
        self._releases = False

    def observe(self) -> State:
        return backend.observe(self.run, bool(self.wanted.own))

    def booted(self, state: State) -> State:
        return nvpmodel.booted(state, boot_unit.is_enabled(clocks.UNIT))

    def predict(self, state: State, actions: List[Action]) -> State:
        self._releases = any(isinstance(action, nvpmodel.ReleaseClocks) for action in actions)
        return super().predict(state, actions)

    def releases(self) -> bool:
        """Check mode: whether it would unlock clocks."""
        return self._releases

    def ready(self, actions: List[Action]) -> None:
        ready.check("Changing the power mode", NONE)

    def apply(self, action: Action) -> None:
        backend.apply(self.run, action)

    def undo(self, action: Action) -> None:
        backend.undo(self.run, action)

    def render(self, state: State) -> Dict[str, Any]:
        return {
            "mode": nvpmodel.show(state.conf, nvpmodel.in_force(state)),
            "next_boot": nvpmodel.show(state.conf, nvpmodel.chosen(state)),
            "own_modes": own_lines.shown(state.text),
        }

    def waits(self) -> bool:
        """Whether the host waits for a reboot for its mode."""
        return nvpmodel.reboot_required(self.observe())

    def extras(self, before: State, after: State) -> Dict[str, Any]:
        return {
            "mode": nvpmodel.show(after.conf, nvpmodel.in_force(after)),
            "modes": [nvpmodel.show(after.conf, mode.id) for mode in after.conf.modes],
            "reboot_required": nvpmodel.reboot_required(after),
        }
