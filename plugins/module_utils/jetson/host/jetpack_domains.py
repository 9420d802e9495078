# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JetPack on a Jetson, in parts: packages, holds, and what containers need. What else a Jetson has is set between."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ...boot.host import ready
from ...boot.unit import NONE
from ...common import effects
from ...common.effects import EFFECTS
from ...common.errors import EdgesiteError, sentence
from ...common.host import apt, command, owned_files, systemctl
from ...common.host import effects as host_effects
from ...common.host.command import Run
from ...converge import WAITS, Domain, described_by
from .. import fan, jetpack, jetpack_actions, jetpack_plan, nvpmodel, offer
from ..clocks import boot_unit
from ..jetpack_actions import RELOAD, Action, ConfigureRuntime, Hold, Install, WriteCdi
from ..jetpack_plan import Wanted
from . import jetpack as jetpack_facts
from .clocks import program
from .clocks_domain import JetsonClocksDomain
from .fan_domain import JetsonFanDomain
from .nvpmodel_domain import NvpmodelDomain

# What the release that is wanted may change, and nothing else does
_STATE = ("l4t", "installed", "held", "held_by_role", "broken", "container_toolkit")
_INSTALL = ["--fix-broken"]
_TOOL_SECONDS = 120.0


class Power(NamedTuple):
    """What is wanted besides packages; empty leaves it alone."""

    mode: nvpmodel.Wanted = nvpmodel.Wanted()
    clocks: str = ""
    full_fan: bool = False
    fan: fan.Wanted = fan.Wanted()


class Look:
    """What the Jetson is: read once, and again after something changed."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._seen: Optional[Dict[str, Any]] = None
        # Check mode: what there would be once packages are as wanted
        self.foreseen: Optional[Dict[str, Any]] = None

    def now(self) -> Dict[str, Any]:
        """What jetpack_info tells. Raises EdgesiteError."""
        if self._seen is None:
            self._seen = jetpack_facts.read(self.run)
        return self._seen

    def forget(self) -> None:
        """Something changed."""
        self._seen = None


def domains(
    look: Look, backend: apt.Apt, wanted: Wanted, power: Power, reboots: bool, check: bool
) -> Iterator[Domain[Any, Any]]:
    """One after the other. reboots: the host may reboot, and what comes after that is for the next run; check mode
    foresees it."""
    yield _apart(PackagesDomain(look, wanted, backend))
    yield _apart(HoldsDomain(look, wanted, backend))
    if reboots and not check and look.now()["reboot_required"]:
        return
    mode = NvpmodelDomain(look.run, power.mode)
    if power.mode.anything():
        yield _after_reboot(mode, reboots)
        if reboots and not check and mode.waits():
            return
    if power.clocks:
        lock = power.clocks == "locked"
        unit = boot_unit(program(), lock, power.full_fan)
        yield _after_reboot(JetsonClocksDomain(look.run, lock, unit, power.full_fan, mode.releases), reboots)
    if power.fan.anything():
        yield _after_reboot(JetsonFanDomain(look.run, power.fan), reboots)
    yield _after_reboot(ContainersDomain(look, wanted), reboots)


def _after_reboot(domain: Domain[Any, Any], reboots: bool) -> Domain[Any, Any]:
    """The domain, whose turn comes after the reboot where there is one."""
    domain.after_reboot = reboots
    return _apart(domain)


def _apart(domain: Domain[Any, Any]) -> Domain[Any, Any]:
    """The domain; a power mode is as right or wrong whatever becomes of the packages."""
    domain.apart = True
    return domain


class _State(NamedTuple):
    """info: jetpack_info's. waits: the container runtime that has not read its configuration yet."""

    info: Dict[str, Any]
    waits: Optional[str]

    def compared(self) -> Tuple[Any, ...]:
        """What of it is the host's state, and not what happens there."""
        return [self.info[name] for name in _STATE], self.info["apt"]["text"], self.waits

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _State) and self.compared() == other.compared()


class _Part(Domain[_State, Action]):
    """What the parts have in common."""

    def __init__(self, look: Look, wanted: Wanted) -> None:
        self.look = look
        self.wanted = wanted

    def observe(self) -> _State:
        return _State(self.look.foreseen or self.look.now(), owned_files.read_text(RELOAD))

    def predict(self, state: _State, actions: List[Action]) -> _State:
        return state

    def ready(self, actions: List[Action]) -> None:
        ready.check("Changing JetPack", NONE)

    def apply(self, action: Action) -> None:
        self.look.forget()
        if isinstance(action, EFFECTS):
            host_effects.apply(self.look.run, action)
        else:
            self.do(action)

    def undo(self, action: Action) -> None:
        self.look.forget()
        if isinstance(action, EFFECTS):
            host_effects.apply(self.look.run, effects.undo(action))
        else:
            self.take_back(action)

    def do(self, action: Action) -> None:
        """Does a step that is no effect on a file or a unit."""

    def take_back(self, action: Action) -> None:
        """Takes such a step back."""

    def describe(self, action: Action) -> Dict[str, Any]:
        # How many there are to hold, an upgrade alone tells.
        more = {"packages": list(action.names)} if isinstance(action, Hold) else {}
        return {**described_by(jetpack_actions, action), **more}

    def render(self, state: _State) -> Dict[str, Any]:
        info = state.info
        return {
            "l4t": info["l4t"]["version"] if info["l4t"] else None,
            "packages": dict(info["installed"]),
            "held": list(info["held"]),
            "sources": info["apt"]["text"],
        }

    def extras(self, before: _State, after: _State) -> Dict[str, Any]:
        info = after.info
        told = {name: info[name] for name in ("l4t", "jetpack", "slots")}
        return {**told, "l4t_waits": info[WAITS], WAITS: info[WAITS]}


class PackagesDomain(_Part):
    """Where packages come from, and the packages."""

    def __init__(self, look: Look, wanted: Wanted, backend: apt.Apt) -> None:
        super().__init__(look, wanted)
        self.apt = backend
        self.begun = False

    def plan(self, state: _State) -> List[Action]:
        return jetpack_actions.packages(state.info, self.wanted)

    def predict(self, state: _State, actions: List[Action]) -> _State:
        info = state.info
        for action in actions:
            if isinstance(action, effects.WriteFile):
                info = {**info, "apt": {**info["apt"], "text": action.content}}
            elif isinstance(action, Install):
                info = jetpack_actions.installed(info, action, self.wanted.hold)
                if self._brings_toolkit(info, action):
                    info = jetpack_actions.with_toolkit(info, jetpack_facts.unconfigured())
        self.look.foreseen = {**info, WAITS: info[WAITS] or any(map(_upgrades, actions))} if actions else None
        return state._replace(info=self.look.foreseen or info)

    def do(self, action: Action) -> None:
        if isinstance(action, Install):
            try:
                self._install(action)
            except EdgesiteError:
                self.apt.mark("hold", action.release)
                raise
            if not self.wanted.hold:
                # else they are held with what the release added
                self.apt.mark("hold", action.release)

    def _brings_toolkit(self, info: Dict[str, Any], action: Install) -> bool:
        """Whether other packages depend on it: apt knows, where it has their lists already."""
        if info["container_toolkit"]["installed"] or not action.names:
            return False
        try:
            return jetpack.TOOLKIT in self.apt.simulate([*_INSTALL, "install", *action.names]).installed
        except EdgesiteError:
            return jetpack.TOOLKIT in action.names

    def _install(self, action: Install) -> None:
        if action.repair:
            self.apt.repair()
        # Only this list: a site may have a mirror of NVIDIA's packages, and no way to others.
        complaints = self.apt.update(jetpack.SOURCES)
        if complaints:
            raise EdgesiteError(
                "The package lists cannot be updated: {0}".format(complaints),
                "Check jetpack_mirror, or check that the host can reach NVIDIA's repository",
            )
        if action.upgrade:
            # A suite has several releases, and a dist-upgrade takes the newest.
            jetpack_plan.check_offer("".join(map(self.apt.candidate, offer.PACKAGES)), self.wanted)
        # Only these: whatever else is held stays as it is.
        self.apt.mark("unhold", action.release)
        if action.upgrade:
            self._transaction(["dist-upgrade"])
        if action.names or action.repair and not action.upgrade:
            self._transaction(["install", *action.names])

    def _transaction(self, what: List[str]) -> None:
        would = self.apt.simulate([*_INSTALL, *what])
        jetpack_plan.check_transaction(would, jetpack_facts.free())
        self.begun = True
        self.apt.install([*_INSTALL, *what])

    def undo(self, action: Action) -> None:
        # Packages of the new release that are there are gone on with from the new sources.
        if not self.begun:
            super().undo(action)

    def left(self, before: _State, begun: Sequence[Action]) -> Optional[str]:
        if not self.begun:
            return "Nothing was installed."
        return "Part of it may be installed: run again when the cause is fixed, to finish from there."


def _upgrades(action: Action) -> bool:
    return isinstance(action, Install) and action.upgrade


class HoldsDomain(_Part):
    """Packages of L4T and JetPack are held, once they are there."""

    def __init__(self, look: Look, wanted: Wanted, backend: apt.Apt) -> None:
        super().__init__(look, wanted)
        self.apt = backend

    def plan(self, state: _State) -> List[Action]:
        # In check mode an upgrade that is only foreseen is still one.
        return jetpack_actions.holds(state.info, self.wanted)

    def do(self, action: Action) -> None:
        if isinstance(action, Hold):
            # Noted first: a hold that is not noted would be taken for somebody else's, and be in the way of an upgrade.
            host_effects.apply(self.look.run, action.note)
            self.apt.mark("hold", action.names)

    def take_back(self, action: Action) -> None:
        if isinstance(action, Hold):
            self.apt.mark("unhold", action.names)
            host_effects.apply(self.look.run, effects.undo(action.note))

    def predict(self, state: _State, actions: List[Action]) -> _State:
        held = [name for action in actions if isinstance(action, Hold) for name in action.names]
        return state._replace(info={**state.info, "held": sorted({*state.info["held"], *held})})


class ContainersDomain(_Part):
    """The container runtime knows NVIDIA's, and containers get the files of this L4T."""

    def booted(self, state: _State) -> _State:
        # A runtime reads its configuration when it starts, and nothing waits for a reboot any more.
        return state._replace(waits=None, info={**state.info, WAITS: False})

    def plan(self, state: _State) -> List[Action]:
        toolkit = state.info["container_toolkit"]
        # Without wanted packages the runtime is left alone.
        name = toolkit["unconfigured"] if self.wanted.packages else None
        path = {name: path for name, _program, path in jetpack_facts.RUNTIMES}.get(name or "", "")
        runtime = ConfigureRuntime(name, path, owned_files.read_text(path), owned_files.mode(path)) if name else None
        return jetpack_actions.containers(toolkit, runtime, state.waits)

    def do(self, action: Action) -> None:
        if isinstance(action, ConfigureRuntime):
            if action.path:
                # A run that ends in between leaves the rest to the next one.
                owned_files.write_text(RELOAD, action.runtime)
                self._tool("runtime", "configure", "--runtime=" + action.runtime)
            self._read(action.runtime)
        elif isinstance(action, WriteCdi):
            self._tool("cdi", "generate", "--mode=csv", "--output=" + jetpack_facts.CDI)
            jetpack_facts.stamp_cdi()

    def take_back(self, action: Action) -> None:
        if isinstance(action, ConfigureRuntime) and action.path:
            if action.previous is None:
                owned_files.remove(action.path)
            else:
                owned_files.write_text(action.path, action.previous, action.mode)
            self._read(action.runtime)

    def _read(self, runtime: str) -> None:
        # Docker reads it anew, containerd starts anew: containers run on in both.
        systemctl.do(self.look.run, "try-reload-or-restart", runtime + ".service")
        owned_files.remove(RELOAD)

    def final(self, action: Action) -> bool:
        return isinstance(action, WriteCdi)

    def _tool(self, *arguments: str) -> None:
        done = self.look.run([command.find("nvidia-ctk") or "nvidia-ctk", *arguments], timeout=_TOOL_SECONDS)
        if not done.ok:
            said = done.error.strip() or done.text.strip() or "it exited with code {0}".format(done.rc)
            raise EdgesiteError(
                "nvidia-ctk {0}: {1}".format(" ".join(arguments[:2]), sentence(said)),
                "Run 'nvidia-ctk {0}' on the host".format(" ".join(arguments)),
            )
