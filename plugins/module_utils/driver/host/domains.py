# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The driver of a host in four parts: packages, settings, modules, services.

Each is planned when the one before it is done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence

from ...boot.host import ready
from ...boot.unit import NONE
from ...common import effects
from ...common.effects import EFFECTS
from ...common.errors import EdgesiteError, combined
from ...common.host import effects as host_effects
from ...common.host import owned_files
from ...converge import WAITS, Domain, described_by
from .. import actions as driver_actions
from .. import activate, files, foresee, openpgp, parts
from .. import plan as driver_plan
from ..actions import Action, GetKey, Hold, Install, RebuildInitramfs, Reload, RunTriggers, TellService
from ..options import MIRROR, NVIDIA, Options
from ..packages import DEBIAN
from ..plan import Plan, Situation
from . import holds, modules, services, transaction
from .install import Manager
from .look import Look

_NEW_KEY = (
    "If NVIDIA signs with a new key, get its fingerprint in a way that you trust and set "
    "driver_nvidia_key_fingerprint to it; or set driver_source: mirror"
)

# Gets what is at an address
Fetch = Callable[[str], bytes]


def domains(
    look: Look, want: Options, manager: Manager, fetch: Fetch, components: Callable[[], Any], check: bool
) -> Iterator["Part"]:
    """One after the other. components: tells those of apt's sources. check: nothing is going to change."""
    yield PackagesDomain(look, want, manager, fetch, components)
    yield SettingsDomain(look, want, manager)
    # Those of the loaded driver first: without its fabric manager a driver counts as broken.
    yield ServicesDomain(look, want)
    yield ModulesDomain(look, want, check)
    yield ServicesDomain(look, want)


class Part(Domain[Situation, Action]):
    """What the parts have in common."""

    def __init__(self, look: Look) -> None:
        self.look = look

    def observe(self) -> Situation:
        return self.look.now()

    def pending(self, actions: List[Action]) -> List[Action]:
        """The actions, of which the parts after this one are to know."""
        self.look.pending = self.look.pending or bool(actions)
        return actions

    def predict(self, state: Situation, actions: List[Action]) -> Situation:
        return self.foreseen(state, actions, None)

    def foreseen(self, state: Situation, actions: List[Action], version: Optional[str]) -> Situation:
        """What there would be, which the parts after this one plan by. version: of a driver that is installed."""
        notes = [action.note for action in actions if isinstance(action, (RunTriggers, Hold))]
        there = replace(
            state,
            info=foresee.after(state.info, actions, version),
            files=effects.files_after(state.files, [*actions, *notes]),
            links=effects.links_after(state.links, actions),
        )
        self.look.foresee(there)
        return there

    def ready(self, actions: List[Action]) -> None:
        ready.check("Changing the driver", NONE)

    def apply(self, action: Action) -> None:
        self.look.forget()
        self.do(action)

    def undo(self, action: Action) -> None:
        self.look.forget()
        if isinstance(action, EFFECTS):
            self.do(effects.undo(action))
        else:
            self.take_back(action)

    def do(self, action: Action) -> None:
        """Does a step."""
        if isinstance(action, EFFECTS):
            host_effects.apply(self.look.run, action)

    def take_back(self, action: Action) -> None:
        """Takes back a step that is no effect on a file or a unit."""

    def describe(self, action: Action) -> Dict[str, Any]:
        return {**described_by(driver_actions, action), **driver_actions.details(action)}

    def render(self, state: Situation) -> Dict[str, Any]:
        info = state.info
        return {
            "version": info["user_space"],
            "verdict": info["verdict"],
            "packages": {entry["name"]: entry["version"] for entry in info["packages"]},
            "held": [entry["name"] for entry in info["packages"] if entry["held"]],
            "services": dict(info["services"]),
            "files": {path: text for path, text in state.files.items() if text is not None},
        }

    def extras(self, before: Situation, after: Situation) -> Dict[str, Any]:
        return {"version": after.info["user_space"], "verdict": after.info["verdict"]}


class WantingPart(Part):
    """A part of the way to a driver."""

    def __init__(self, look: Look, want: Options) -> None:
        super().__init__(look)
        self.want = want

    def planned(self, state: Situation) -> Plan:
        """What is to be done. Raises EdgesiteError where nothing can be."""
        made = driver_plan.plan(state, self.want)
        if made.problems:
            raise combined(made.problems)
        return made


class PackagesDomain(WantingPart):
    """Where packages come from, and the packages."""

    def __init__(
        self, look: Look, want: Options, manager: Manager, fetch: Fetch, components: Callable[[], Any]
    ) -> None:
        super().__init__(look, want)
        self.manager = manager
        self.fetch = fetch
        self.components = components
        self.begun = False
        self._stream: Optional[str] = None

    def observe(self) -> Situation:
        now = super().observe()
        if now.on.family != DEBIAN or self.want.source in (NVIDIA, MIRROR) or not now.gpus:
            return now
        # Only an installation has to know, and asking takes a program.
        if not driver_plan.plan(now, self.want).install:
            return now
        return replace(now, components=frozenset(self.components()))

    def plan(self, state: Situation) -> List[Action]:
        self._stream = state.files.get(files.DNF_STREAM)
        return self.pending(driver_actions.packages(self.planned(state), state))

    def predict(self, state: Situation, actions: List[Action]) -> Situation:
        version, known = None, dict(state.files)
        for action in actions:
            if isinstance(action, GetKey):
                known[action.path] = "the key " + action.fingerprint
            elif isinstance(action, Install):
                version = self.manager.foresee(action.packages, _texts(action))
                known[files.TRANSACTION] = None
        return self.foreseen(replace(state, files=known), actions, version)

    def do(self, action: Action) -> None:
        if isinstance(action, GetKey):
            owned_files.write_text(action.path, self._key(action))
        elif isinstance(action, Install):
            added = foresee.brought(self.look.now().info, action.packages)
            self.look.forget()
            self.manager.install(action.packages, self._begin)
            self.look.brought.update(added)
            transaction.end()
        else:
            super().do(action)

    def _begin(self) -> None:
        transaction.begin()
        self.begun = True

    def _key(self, action: GetKey) -> str:
        data = self.fetch(action.url)
        try:
            found = openpgp.fingerprints(data)
        except EdgesiteError as error:
            raise EdgesiteError(
                "{0} is not a key: {1}".format(action.url, error.problem),
                "Run 'curl {0}' on the host: something else, such as a proxy, may answer".format(action.url),
            ) from error
        files.check_fingerprint(action.url, found, action.fingerprint, _NEW_KEY)
        return data.decode("ascii", "replace") if openpgp.is_armored(data) else openpgp.armored(data)

    def take_back(self, action: Action) -> None:
        if isinstance(action, GetKey):
            _restore(action.path, action.previous)
        elif isinstance(action, Install):
            # First where the old packages come from, then these; what was held is let go only for this.
            for source in reversed(action.sources):
                self.undo(source)
            if action.packages.stream is not None:
                _restore(files.DNF_STREAM, self._stream)
            try:
                if self.begun and action.packages.before:
                    self.manager.restore(action.packages.before)
                    transaction.end()
            finally:
                holds.again(self.look, self.manager, action.packages.held)

    def left(self, before: Situation, begun: Sequence[Action]) -> Optional[str]:
        if not any(isinstance(action, Install) for action in begun):
            return None
        return activate.outcome(self.look.now().info, before.info, self.begun, self.manager.repaired)


def _texts(install: Install) -> Dict[str, str]:
    """Of the files of sources that are written for it; a key's is not known."""
    return {one.path: getattr(one, "content", None) or "" for one in install.sources if one.path != files.APT_PIN}


def _restore(path: str, text: Optional[str]) -> None:
    if text is None:
        owned_files.remove(path)
    else:
        owned_files.write_text(path, text)


class SettingsDomain(WantingPart):
    """What keeps the driver as it is, and has its services start with the host."""

    def __init__(self, look: Look, want: Options, manager: Manager) -> None:
        super().__init__(look, want)
        self.manager = manager

    def plan(self, state: Situation) -> List[Action]:
        return self.pending(driver_actions.settings(self.planned(state), state))

    def do(self, action: Action) -> None:
        if isinstance(action, Hold):
            holds.apply(self.look.run, self.manager, action)
        elif isinstance(action, TellService):
            services.tell(self.look.run, action.unit, action.file)
        elif isinstance(action, RunTriggers):
            self.manager.run_triggers()
            super().do(action.note)
        elif isinstance(action, RebuildInitramfs):
            modules.rebuild_initramfs(self.look.run)
        else:
            super().do(action)
            if isinstance(action, effects.MaskUnit) and not action.masked:
                self.look.brought.add(action.unit.rpartition(".")[0])

    def take_back(self, action: Action) -> None:
        if isinstance(action, Hold):
            holds.undo(self.look, self.manager, action)
        elif isinstance(action, TellService):
            services.tell(self.look.run, action.unit, action.file and effects.undo(action.file))
        elif isinstance(action, RunTriggers):
            super().do(effects.undo(action.note))

    def final(self, action: Action) -> bool:
        return isinstance(action, RebuildInitramfs)


class ModulesDomain(WantingPart):
    """The modules on disk come to be those that are loaded, where that takes no reboot."""

    def __init__(self, look: Look, want: Options, check: bool) -> None:
        super().__init__(look, want)
        self.check = check
        # why the modules could not be changed while the host runs
        self.kept: Optional[str] = None

    def plan(self, state: Situation) -> List[Action]:
        # What is only foreseen may turn out better; that is seen when it is there.
        if not (self.look.pending and self.check):
            activate.check(state.info)
        services = driver_plan.plan(state, self.want).services.wanted
        reload = activate.reload(state.info, services)
        return [reload] if reload and self.kept is None else []

    def do(self, action: Action) -> None:
        if isinstance(action, Reload):
            self.kept = modules.reload(self.look.run, action)
            self.look.brought.difference_update(action.start)

    def describe(self, action: Action) -> Dict[str, Any]:
        if self.kept is None:
            return super().describe(action)
        told = super().describe(action)
        return {**told, "does": "try to {0}, which the host did not allow: {1}".format(told["does"], self.kept)}

    def extras(self, before: Situation, after: Situation) -> Dict[str, Any]:
        waits = activate.waits(after.info)
        return {**super().extras(before, after), WAITS: bool(waits), "msg": waits}


class ServicesDomain(WantingPart):
    """The services of the driver run, once it is loaded."""

    def plan(self, state: Situation) -> List[Action]:
        services = {**state.info["services"], **dict.fromkeys(self.look.brought, parts.STOPPED)}
        return driver_actions.services(self.planned(replace(state, info={**state.info, "services": services})))

    def do(self, action: Action) -> None:
        super().do(action)
        if isinstance(action, effects.RunUnit):
            self.look.brought.discard(action.unit.rpartition(".")[0])
