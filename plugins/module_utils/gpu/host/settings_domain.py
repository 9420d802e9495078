# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain of gpu_settings: settings of GPUs, and the boot unit that keeps them over a reboot."""

from __future__ import annotations

from typing import Any, ContextManager, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

from ...boot import unit as boot
from ...boot.host import ready
from ...boot.host import unit as boot_backend
from ...common import effects
from ...common.effects import Effect
from ...common.host.command import Run
from ...converge import Domain
from .. import settings
from ..settings import Change, GpuState
from . import lock, locked_clocks
from . import settings as nvml_settings
from .process import NvmlProcess
from .read import read_gpus
from .unlisted import Lost

Action = Union[Change, Effect]


class State(NamedTuple):
    """The GPUs and the boot unit as observed. lost: GPUs that cannot be read."""

    gpus: Tuple[GpuState, ...]
    boot: boot.BootUnit
    lost: Tuple[Union[int, str], ...]


class SettingsDomain(Domain[State, Action]):
    """What the user wants of the GPUs' settings on this host.

    run: how programs are run. nvml: not needed where nothing is wanted of GPUs. unit: the boot unit that is wanted;
    boot.NONE leaves it alone. tolerant: settings for all GPUs mean all that can be read, for use at boot.
    """

    def __init__(
        self,
        run: Run,
        nvml: Optional[NvmlProcess],
        wanted: Sequence[Dict[str, Any]],
        unit: boot.BootUnit,
        tolerant: bool = False,
    ) -> None:
        self.run = run
        self.nvml = nvml
        self.wanted = wanted
        self.unit = unit
        self.tolerant = tolerant
        self.reasons: Lost = {}

    def alone(self) -> ContextManager[None]:
        return lock.held()

    def observe(self) -> State:
        gpus: List[Dict[str, Any]] = []
        if self.nvml is not None:
            gpus, self.reasons = self.nvml.ask(read_gpus)
        locked = locked_clocks.read()
        states = tuple(settings.from_facts(facts, locked.get(facts["uuid"])) for facts in gpus)
        return State(states, boot_backend.observe(self.unit), tuple(self.reasons))

    def plan(self, state: State) -> List[Action]:
        if state.lost and not self.tolerant and any(entry.get("gpus") == "all" for entry in self.wanted):
            raise self.reasons[state.lost[0]]
        changes: List[Action] = list(settings.plan(self.wanted, state.gpus))
        return changes + list(boot.plan(self.unit, state.boot))

    def predict(self, state: State, actions: List[Action]) -> State:
        changes = [action for action in actions if isinstance(action, Change)]
        return State(tuple(settings.after(state.gpus, changes)), boot.after(state.boot, actions), state.lost)

    def ready(self, actions: List[Action]) -> None:
        ready.check("Changing GPU settings", self.unit)

    def apply(self, action: Action) -> None:
        if not isinstance(action, Change):
            boot_backend.apply(self.run, action)
        elif self.nvml is not None:
            self.nvml.ask(nvml_settings.apply, action)

    def undo(self, action: Action) -> None:
        if isinstance(action, Change):
            self.apply(action._replace(value=action.previous, previous=action.value))
        else:
            boot_backend.apply(self.run, effects.undo(action))

    def describe(self, action: Action) -> Dict[str, Any]:
        if not isinstance(action, Change):
            return {"does": effects.describe(action)}
        before, after = (settings.show(action.key, value) for value in (action.previous, action.value))
        return {
            "does": "set {0} of GPU {1} from {2} to {3}".format(action.key, action.gpu.label(), before, after),
            "uuid": action.gpu.uuid,
            "setting": action.key,
            "before": before,
            "after": after,
        }

    def render(self, state: State) -> Dict[str, Any]:
        named = {key for entry in self.wanted for key, value in entry.items() if value is not None}
        return {
            "gpus": {
                gpu_state.gpu.uuid: {
                    key: settings.show(key, value) for key, value in gpu_state.values.items() if key in named
                }
                for gpu_state in state.gpus
            },
            "boot_unit": {"name": state.boot.unit, "enabled": state.boot.enabled},
            "files": dict(state.boot.files),
        }

    def extras(self, before: State, after: State) -> Dict[str, Any]:
        waiting = settings.pending_ecc(self.wanted, after.gpus)
        return {"reboot_required": bool(waiting), "reset_required": [gpu.uuid for gpu in waiting]}


def boot_unit(wanted: Sequence[Dict[str, Any]], python: str, persist: bool) -> boot.BootUnit:
    """The unit that makes these settings again at every boot."""
    config = {"settings": list(wanted)} if persist and wanted else None
    return boot.wanted("settings", "Apply GPU settings", python, config)
