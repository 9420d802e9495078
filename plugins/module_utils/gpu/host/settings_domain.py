# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain of gpu_settings: settings of GPUs, and the boot unit that keeps them over a reboot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import (
    Any,
    ContextManager,
    Dict,
    List,
    Optional,
    Sequence,
    Set,
    Tuple,
    Union,
)

from ...boot import unit as boot
from ...boot.host import ready
from ...boot.host import unit as boot_backend
from ...common import effects
from ...common.effects import Effect
from ...common.host.command import Run
from ...converge import Domain, described_by
from .. import changed, settings, unwanted
from ..changed import Entry, Noted
from ..settings import Change, GpuState
from ..unwanted import Forget, Wanted
from . import changed as changed_file
from . import lock, locked_clocks
from . import settings as nvml_settings
from .process import NvmlProcess
from .read import read_gpus
from .unlisted import Lost

Action = Union[Change, Forget, Effect]


@dataclass(frozen=True)
class State:
    """The GPUs and the boot unit as observed. lost: GPUs that cannot be read. noted: what earlier runs changed.

    Notes are no part of what has to be as it was: the next run drops those of settings that are as they were.
    """

    gpus: Tuple[GpuState, ...]
    boot: boot.BootUnit
    lost: Tuple[Union[int, str], ...]
    noted: Noted = field(default_factory=dict, compare=False)


class SettingsDomain(Domain[State, Action]):
    """What the user wants of the GPUs' settings on this host.

    run: how programs are run. nvml: not needed where nothing is wanted of GPUs; without it nothing of them is set back.
    unit: the boot unit that is wanted; boot.NONE leaves it alone. at_boot: settings for all GPUs mean all that can be
    read, and others than these may be wanted too.
    """

    def __init__(
        self,
        run: Run,
        nvml: Optional[NvmlProcess],
        wanted: Sequence[Dict[str, Any]],
        unit: boot.BootUnit,
        at_boot: bool = False,
    ) -> None:
        self.run = run
        self.nvml = nvml
        self.wanted = wanted
        self.unit = unit
        self.at_boot = at_boot
        self.reasons: Lost = {}
        self.shown: Set[str] = {key for entry in wanted for key, value in entry.items() if value is not None}

    def alone(self) -> ContextManager[None]:
        return lock.held()

    def observe(self) -> State:
        gpus: List[Dict[str, Any]] = []
        if self.nvml is not None:
            gpus, self.reasons = self.nvml.ask(read_gpus)
        locked = locked_clocks.read()
        states = tuple(settings.from_facts(facts, locked.get(facts["uuid"])) for facts in gpus)
        return State(states, boot_backend.observe(self.unit), tuple(self.reasons), self._noted())

    def _noted(self) -> Noted:
        # What keeps people from a mistake must not keep a host from its limits when it boots.
        noted = (changed_file.known if self.at_boot else changed_file.read)(changed_file.SETTINGS)
        self.shown.update(key for of_gpu in noted.values() for key in of_gpu)
        return noted

    def plan(self, state: State) -> List[Action]:
        if state.lost and not self.at_boot and any(entry.get("gpus") == "all" for entry in self.wanted):
            raise self.reasons[state.lost[0]]
        changes: List[Action] = list(settings.plan(self.wanted, state.gpus, state.noted))
        if not self.at_boot:
            changes += unwanted.plan(self._of_gpus(state), state.gpus, state.noted)
        return changes + list(boot.plan(self.unit, state.boot))

    def _of_gpus(self, state: State) -> Wanted:
        return {gpu.index: values for gpu, values in settings.judge(self.wanted, state.gpus)[1]}

    def predict(self, state: State, actions: List[Action]) -> State:
        changes = [action for action in actions if isinstance(action, Change)]
        noted = state.noted
        for action in actions:
            if isinstance(action, (Change, Forget)):
                noted = changed.put(noted, action.gpu.uuid, action.key, _entry(action))
        return State(tuple(settings.after(state.gpus, changes)), boot.after(state.boot, actions), state.lost, noted)

    def ready(self, actions: List[Action]) -> None:
        ready.check("Changing GPU settings", self.unit)

    def apply(self, action: Action) -> None:
        if isinstance(action, Change):
            self._note(action, changed.while_set(action.noted, action.previous, action.value))
            self._set(action)
            self._note(action, _entry(action))
        elif isinstance(action, Forget):
            self._note(action, None)
        else:
            boot_backend.apply(self.run, action)

    def undo(self, action: Action) -> None:
        if isinstance(action, Change):
            self._set(action._replace(value=action.previous, previous=action.value))
            self._note(action, action.noted)
        elif isinstance(action, Forget):
            self._note(action, action.noted)
        else:
            boot_backend.apply(self.run, effects.undo(action))

    def _set(self, change: Change) -> None:
        if self.nvml is not None:
            self.nvml.ask(nvml_settings.apply, change)

    def _note(self, action: Union[Change, Forget], entry: Optional[Entry]) -> None:
        changed_file.put(changed_file.SETTINGS, action.gpu.uuid, action.key, entry)

    def describe(self, action: Action) -> Dict[str, Any]:
        if isinstance(action, Forget):
            return unwanted.describe(action)
        return settings.describe(action) if isinstance(action, Change) else described_by(effects, action)

    def render(self, state: State) -> Dict[str, Any]:
        return {
            "gpus": {
                gpu_state.gpu.uuid: {
                    key: settings.show(key, value) for key, value in gpu_state.values.items() if key in self.shown
                }
                for gpu_state in state.gpus
            },
            "boot_unit": {"name": state.boot.unit, "enabled": state.boot.enabled},
            "files": dict(state.boot.files),
        }

    def extras(self, before: State, after: State) -> Dict[str, Any]:
        waiting = settings.pending_ecc(self.wanted, after.gpus)
        unread = self.nvml is None or bool(after.lost)
        left = unwanted.left(self._of_gpus(after), after.gpus, after.noted, unread)
        return {
            "reboot_required": bool(waiting),
            "reset_required": [gpu.uuid for gpu in waiting],
            "left_behind": [one._asdict() for one in left],
        }


def _entry(action: Union[Change, Forget]) -> Optional[Entry]:
    """What is noted once it is done."""
    if isinstance(action, Forget):
        return None
    return changed.once_set(action.noted, action.previous, action.value)


def boot_unit(wanted: Sequence[Dict[str, Any]], python: str, persist: bool) -> boot.BootUnit:
    """The unit that makes these settings again at every boot."""
    config = {"settings": list(wanted)} if persist and wanted else None
    return boot.wanted("settings", "Apply GPU settings", python, config)
