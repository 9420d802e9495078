# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain of remove: what each layer has put on a host goes, and at last the host tools."""

from __future__ import annotations

import contextlib
import os
import posixpath
from typing import Any, Callable, ContextManager, Dict, Iterator, List, NamedTuple, Sequence, Tuple

from ...boot.host.tools_domain import HostToolsDomain
from ...boot.tools import ROOT
from ...boot.tools import State as ToolsState
from ...common import effects as common_effects
from ...common import quiesce
from ...common.effects import Effect, WriteFile
from ...common.errors import EdgesiteError
from ...common.footprint import Footprint, InForce, Kept
from ...common.host import effects, folders, holds, job, owned_files, systemctl, units
from ...common.host.footprint import Look
from ...common.host.packages import Patience
from ...common.quiesce import SwitchUnit
from ...converge import WAITS, Domain, PlannedDomain, unheard
from ...driver.host import footprint as driver
from ...gpu.host import footprint as gpu
from ...gpu.host import lock
from ...identity.host import footprint as identity
from ...jetson.host import footprint as jetson
from ...mig.host import footprint as mig
from ...storage.host import footprint as storage
from ...tls.host import footprint as tls
from .. import removal
from ..removal import Action, Release, RemoveFolder, State


class Layer(NamedTuple):
    """observe: what is there of it. alone: keeps its own runs off. tools: its boot unit runs the host tools."""

    observe: Callable[[Look], Footprint]
    alone: Callable[[], ContextManager[None]] = contextlib.nullcontext
    tools: bool = False


# Those that build on others first
LAYERS: Dict[str, Layer] = {
    "tls": Layer(tls.observe),
    "identity": Layer(identity.observe),
    "storage": Layer(storage.observe),
    "mig": Layer(mig.observe, lock.held, tools=True),
    "gpu": Layer(gpu.observe, lock.held, tools=True),
    "jetpack": Layer(jetson.observe, lambda: job.shut_out("jetpack")),
    "driver": Layer(driver.observe, lambda: job.shut_out("driver")),
}


def domains(look: Look, names: Sequence[str], patience: Patience) -> Iterator[Domain[Any, Any]]:
    """One after the other. The host tools go where nothing is left that runs them at boot."""
    layers = {name: layer for name, layer in LAYERS.items() if name in names}
    others = [name for name, layer in LAYERS.items() if layer.tools and name not in names and layer.observe(look).files]
    ran = any(layer.tools for layer in layers.values())
    yield RemovalDomain(look, layers, patience, tuple(_kept_tools(others)) if ran else ())
    if ran and not others:
        yield ToolsRemovalDomain()


def _kept_tools(others: Sequence[str]) -> List[Kept]:
    why = "boot units of other layers run what is in it: {0}".format(", ".join(others))
    return [Kept(ROOT, why, "name these layers as well")] if others else []


class RemovalDomain(PlannedDomain[State, Action]):
    """Nothing is there of these layers but what stays. kept: what stays besides."""

    rules = removal
    wanted = None

    def __init__(self, look: Look, layers: Dict[str, Layer], patience: Patience, kept: Tuple[Kept, ...]) -> None:
        self.look = look
        self.layers = layers
        self.patience = patience
        self.kept = kept

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        with contextlib.ExitStack() as held:
            for keep_off in dict.fromkeys(layer.alone for layer in self.layers.values()):
                held.enter_context(keep_off())
            yield

    def observe(self) -> State:
        if os.geteuid() != 0:
            raise EdgesiteError(
                "Removing needs root, in check mode too, and this runs as another user", "Set become: true"
            )
        found = {name: layer.observe(self.look) for name, layer in self.layers.items()}
        note = owned_files.read_text(removal.NOTE)
        paths = [folder for one in found.values() for folder in one.folders]
        return State(found, folders.inside([removal.FOLDER, *paths, *removal.read_note(note).folders]), note)

    def plan(self, state: State) -> List[Action]:
        return removal.plan(state)

    def apply(self, action: Action) -> None:
        if isinstance(action, SwitchUnit):
            units.apply(self.look.run, action)
        elif isinstance(action, Release):
            self._switch(action.names, False)
            self._write(action.note)
        elif isinstance(action, RemoveFolder):
            folders.remove(action.path)
        else:
            self._do(action)

    def _do(self, action: Effect) -> None:
        effects.apply(self.look.run, action)
        if isinstance(action, WriteFile) and action.path.endswith(".service"):
            # systemd would go on telling of a unit that has failed, though its file is gone.
            systemctl.clear_failure(self.look.run, posixpath.basename(action.path))

    def undo(self, action: Action) -> None:
        if isinstance(action, SwitchUnit):
            units.apply(self.look.run, quiesce.undo(action))
        elif isinstance(action, Release):
            # A hold that is not noted would be taken for somebody else's.
            self._write(common_effects.undo(action.note))
            self._switch(action.names, True)
        elif isinstance(action, RemoveFolder):
            folders.make(action.path)
        else:
            effects.apply(self.look.run, common_effects.undo(action))

    def _switch(self, names: Sequence[str], held: bool) -> None:
        holds.switch(self.look.run, unheard, self.patience, names, held)

    def _write(self, note: WriteFile) -> None:
        effects.apply(self.look.run, note)

    def render(self, state: State) -> Dict[str, Any]:
        return removal.render(state)

    def extras(self, before: State, after: State) -> Dict[str, Any]:
        in_force = removal.in_force(before)
        return {
            "kept": [entry._asdict() for entry in (*removal.kept(before), *self.kept)],
            "in_force": [_shown(one) for one in in_force],
            WAITS: any(one.reboot for one in in_force),
        }


def _shown(entry: InForce) -> Dict[str, str]:
    return {"what": entry.what, "value": entry.value, "until": entry.until, "by_hand": entry.by_hand}


class ToolsRemovalDomain(HostToolsDomain):
    """No host tools."""

    def __init__(self) -> None:
        super().__init__(False, {}, None)

    def render(self, state: ToolsState) -> Dict[str, Any]:
        return {"host_tools": state.version}
