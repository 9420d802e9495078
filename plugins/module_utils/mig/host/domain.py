# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain of mig_layout: MIG mode and instances of cards, and the boot unit that makes them again at every boot."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import (
    Any,
    Collection,
    ContextManager,
    Dict,
    List,
    Optional,
    Sequence,
    Tuple,
    Union,
)

from ...boot import unit as boot
from ...boot.host import ready
from ...boot.host import unit as boot_backend
from ...common import effects, quiesce
from ...common.disruption import MODE
from ...common.effects import EFFECTS, Effect
from ...common.errors import EdgesiteError
from ...common.host import units
from ...common.host.command import Run
from ...converge import Domain, described_by
from ...gpu.changed import Entry, Noted
from ...gpu.host import changed, lock
from ...gpu.host.process import NvmlProcess
from ...gpu.host.unlisted import Lost
from .. import actions as mig_actions
from .. import drm as mig_drm
from .. import explain, show, unwanted
from .. import plan as mig_plan
from ..card import Card
from ..drm import Drm, SwitchModule
from ..layouts import Wish
from ..plan import Policy
from ..unwanted import KEY, Forget
from . import apply, drm
from .cards import read_cards

Action = Union[mig_actions.Action, Forget, SwitchModule, quiesce.SwitchUnit, Effect]

# A reset takes power limits and clocks with it; this unit sets them when it is started again.
_SETTINGS_UNIT = "edgesite-gpu-settings.service"
# A display would keep nvidia_drm from being unloaded.
_DISPLAY = "display-manager.service"


@dataclass(frozen=True)
class State:
    """The cards, units and boot unit as observed. lost: cards that cannot be read. noted: cards that runs have changed.

    Units are no part of what has to be as it was: they start in their own time. Nor are notes: the next run drops those
    of cards that are as they were.
    """

    cards: Tuple[Card, ...]
    units: quiesce.Units = field(compare=False)
    boot: boot.BootUnit
    lost: Tuple[Union[int, str], ...]
    drm: Drm
    noted: Noted = field(default_factory=dict, compare=False)


class MigDomain(Domain[State, Action]):
    """What the user wants of the MIG layouts of this host.

    run: how programs are run. nvml: not needed where nothing is wanted of cards. quiesced: units that stand still while
    a card is reset. unit: the boot unit that is wanted; boot.NONE leaves it alone. unload_drm: whether nvidia_drm may
    be unloaded for a reset. at_boot: there may be other layouts too. with_settings: the boot unit of settings will be
    there. option: what users call the layouts. What is shown, and what still waits, follows the last plan. only_mode:
    cards whose profiles were unknown at the first plan, so that their instances are another domain's.
    """

    def __init__(
        self,
        run: Run,
        nvml: Optional[NvmlProcess],
        layouts: Sequence[Dict[str, Any]],
        policy: Policy,
        quiesced: Sequence[str] = (),
        unit: boot.BootUnit = boot.NONE,
        unload_drm: bool = False,
        at_boot: bool = False,
        with_settings: bool = False,
        option: str = "layouts",
    ) -> None:
        self.run = run
        self.nvml = nvml
        self.layouts = layouts
        self.policy = policy
        self.quiesced = [_SETTINGS_UNIT, *quiesced]
        self.unit = unit
        self.unload_drm = unload_drm
        self.at_boot = at_boot
        self.with_settings = with_settings
        self.option = option
        self.noting: Dict[str, Entry] = {}
        self.only_mode: Optional[Collection[int]] = None
        self.wanted: Dict[int, Wish] = {}
        # Check mode: what there would be before a reboot that no boot unit follows
        self.foreseen: Optional[State] = None
        # The cards at the first plan
        self.seen: Sequence[Card] = ()
        self.reasons: Lost = {}

    def alone(self) -> ContextManager[None]:
        return lock.held()

    def observe(self) -> State:
        cards: List[Card] = []
        if self.nvml is not None:
            cards, self.reasons = self.nvml.ask(read_cards)
        resetting = any(card.enabled is not None and not card.resetless for card in cards)
        noted = (changed.known if self.at_boot else changed.read)(changed.MIG)
        unit, lost = boot_backend.observe(self.unit), tuple(self.reasons)
        module = drm.observe(resetting, unload=self.run if self.unload_drm else None)
        return State(tuple(cards), self._units(), unit, lost, module, noted)

    def _units(self) -> quiesce.Units:
        found = units.observe(self.run, self.quiesced)
        # Enabled but not yet started, before the first boot, it has to be started after a reset too.
        enabled = self.with_settings or boot_backend.is_enabled(_SETTINGS_UNIT)
        ours = {_SETTINGS_UNIT} if enabled else set()
        return found._replace(active=tuple(sorted(ours.union(found.active))))

    def plan(self, state: State) -> List[Action]:
        try:
            of_cards = self._plan(state)
        except EdgesiteError as error:
            if state.units.stopped:
                error.fix += "; an earlier run left these stopped: " + ", ".join(state.units.stopped)
            if state.drm.left:
                error.fix += "; an earlier run left {0} unloaded: load it with 'modprobe {0}'".format(mig_drm.MODULE)
            raise
        resetting = mig_plan.resetting(of_cards)
        with_module = mig_drm.around(of_cards, resetting, state.drm)
        return [
            *quiesce.around(with_module, bool(resetting), self.quiesced, state.units),
            *self._notes(state, of_cards),
            *boot.plan(self.unit, state.boot),
        ]

    def _notes(self, state: State, of_cards: List[mig_actions.Action]) -> List[Forget]:
        after = mig_actions.after(state.cards, of_cards)
        self.noting = unwanted.noting(state.cards, after, of_cards, state.noted)
        return [] if self.at_boot else unwanted.forgotten(after, state.noted)

    def _plan(self, state: State) -> List[mig_actions.Action]:
        if state.lost and any(layout.get("gpus") == "all" for layout in self.layouts):
            raise self.reasons[state.lost[0]]
        if self.only_mode is None:
            self.only_mode = mig_plan.unknown(state.cards)
            self.seen = state.cards
        held = functools.partial(self._held_by_drm, state)
        found = mig_plan.plan(self.layouts, state.cards, self.policy, self.only_mode, held, self.option)
        self.wanted = found.wanted
        return found.actions

    def expects(self) -> List[mig_actions.MakeLater]:
        """What comes once the mode is changed, which a mode that waits for a reset or reboot does not do here."""
        waiting = mig_plan.waiting(self.wanted, self.seen, self.policy)
        return [
            mig_actions.MakeLater(card.gpu, self.wanted[card.gpu.index].later)
            for card in mig_plan.named(self.wanted, self.seen)
            if card not in waiting and self.wanted[card.gpu.index].later
        ]

    def _held_by_drm(self, state: State, found: mig_plan.Plan) -> List[EdgesiteError]:
        resetting = mig_plan.resetting(found.actions)
        at_boot = mig_plan.at_boot(found.wanted, state.cards, self.policy) if self.unit.enabled else []
        return mig_drm.problems(found.actions, resetting, state.drm, self.unload_drm, self.quiesced, at_boot)

    def final(self, action: Action) -> bool:
        return isinstance(action, mig_actions.EndClient)

    def predict(self, state: State, actions: List[Action]) -> State:
        switches = [action for action in actions if isinstance(action, quiesce.SwitchUnit)]
        others = (Forget, SwitchModule, quiesce.SwitchUnit, *EFFECTS)
        of_cards = [action for action in actions if not isinstance(action, others)]
        noted = {uuid: {KEY: entry} for uuid, entry in self.noting.items()}
        gone = [action.gpu.uuid for action in actions if isinstance(action, Forget)]
        after = State(
            tuple(mig_actions.after(state.cards, of_cards)),
            quiesce.after(state.units, switches),
            boot.after(state.boot, actions),
            state.lost,
            mig_drm.after(state.drm, actions),
            {uuid: of_gpu for uuid, of_gpu in {**state.noted, **noted}.items() if uuid not in gone},
        )
        waits = mig_plan.waiting(self.wanted, after.cards, self.policy)
        guests = any(card.virtualization == mig_plan.GUEST for card in waits)
        self.foreseen = after if guests and not self.unit.enabled else None
        return after

    def ready(self, actions: List[Action]) -> None:
        ready.check("Changing MIG layouts", self.unit)

    def apply(self, action: Action) -> None:
        if isinstance(action, quiesce.SwitchUnit):
            units.apply(self.run, action)
        elif isinstance(action, SwitchModule):
            drm.apply(self.run, action)
        elif isinstance(action, EFFECTS):
            boot_backend.apply(self.run, action)
        elif isinstance(action, Forget):
            changed.put(changed.MIG, action.gpu.uuid, KEY, None)
        elif self.nvml is not None:
            self._note(action.gpu.uuid)
            self.nvml.ask(apply.apply, action)

    def _note(self, uuid: str) -> None:
        if uuid in self.noting:
            changed.put(changed.MIG, uuid, KEY, self.noting[uuid])

    def undo(self, action: Action) -> None:
        if isinstance(action, quiesce.SwitchUnit):
            self.apply(quiesce.undo(action))
        elif isinstance(action, SwitchModule):
            self.apply(mig_drm.undo(action))
        elif isinstance(action, Forget):
            changed.put(changed.MIG, action.gpu.uuid, KEY, action.noted)
        elif isinstance(action, EFFECTS):
            self.apply(effects.undo(action))
        else:
            self.apply(mig_actions.undo(action))

    def describe(self, action: Action) -> Dict[str, Any]:
        if isinstance(action, quiesce.SwitchUnit):
            return quiesce.describe(action)
        if isinstance(action, SwitchModule):
            return mig_drm.describe(action)
        if isinstance(action, EFFECTS):
            return {**described_by(effects, action), "kind": "boot_unit"}
        if isinstance(action, Forget):
            return unwanted.describe(action)
        return mig_actions.describe(action)

    def follows(self, action: Action, earlier: Sequence[Action]) -> str:
        return MODE if mig_actions.needs_mode(action, earlier) else ""

    def render(self, state: State) -> Dict[str, Any]:
        named = mig_plan.named(self.wanted, state.cards)
        return {
            "gpus": {card.gpu.uuid: show.card(card) for card in named},
            "boot_unit": {"name": state.boot.unit, "enabled": state.boot.enabled},
            "files": dict(state.boot.files),
        }

    def extras(self, before: State, after: State) -> Dict[str, Any]:
        waiting = mig_plan.waiting(self.wanted, after.cards, self.policy)
        reboots = self.unit.enabled or any(card.virtualization == "passthrough" for card in waiting)
        unread = self.nvml is None or bool(after.lost)
        left = unwanted.left(self.wanted, after.cards, after.noted, unread)
        return {
            **show.changes(mig_plan.named(self.wanted, before.cards), mig_plan.named(self.wanted, after.cards)),
            "reset_required": [card.gpu.uuid for card in waiting],
            "reboot_required": bool(waiting) and reboots,
            "holders": [holder for card in waiting for holder in explain.holders(card.gpu, card.clients)],
            "left_behind": [one._asdict() for one in left],
        }


def boot_unit(
    layouts: Sequence[Dict[str, Any]], quiesced: Sequence[str], python: str, persist: bool, unload_drm: bool = False
) -> boot.BootUnit:
    """The unit that makes these layouts again at every boot."""
    config: Optional[Dict[str, Any]] = None
    before = list(quiesced)
    if persist and layouts:
        config = {"mig": list(layouts), "quiesce": list(quiesced)}
        if unload_drm:
            config["unload_drm"] = True
            before.append(_DISPLAY)
    return boot.wanted("mig", "Make MIG layouts", python, config, before=before)
