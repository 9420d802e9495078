# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the driver of a host away."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence

from ...common import effects
from ...common.host import owned_files
from ...converge import WAITS
from .. import activate, removal
from ..actions import Action, Hold, RebuildInitramfs, Reload, Remove, RunTriggers
from ..files import INITRAMFS
from ..plan import Situation
from . import holds, modules, transaction
from .domains import Part
from .install import Manager
from .look import Look


class RemovalDomain(Part):
    """No driver, and nothing that is kept on the host for one."""

    def __init__(self, look: Look, manager: Manager, allow_reboot: bool) -> None:
        super().__init__(look)
        self.manager = manager
        self.allow_reboot = allow_reboot
        # why the modules could not be unloaded
        self.kept: Optional[str] = None
        self.begun = False

    def plan(self, state: Situation) -> List[Action]:
        found = removal.plan(state, self.allow_reboot)
        return found if self.kept is None else [action for action in found if not isinstance(action, Reload)]

    def do(self, action: Action) -> None:
        if isinstance(action, Reload):
            self.kept = modules.reload(self.look.run, action)
        elif isinstance(action, Hold):
            holds.apply(self.look.run, self.manager, action)
        elif isinstance(action, Remove):
            transaction.begin()
            self.begun = True
            self.manager.remove(action.names)
            transaction.end()
        elif isinstance(action, RunTriggers):
            self.manager.run_triggers()
            super().do(action.note)
        elif isinstance(action, RebuildInitramfs):
            modules.rebuild_initramfs(self.look.run)
            owned_files.remove(INITRAMFS)
        else:
            super().do(action)

    def take_back(self, action: Action) -> None:
        if isinstance(action, Hold):
            holds.undo(self.look, self.manager, action)
        elif isinstance(action, Remove):
            self.manager.restore(action.before)
            transaction.end()
        elif isinstance(action, RunTriggers):
            super().do(effects.undo(action.note))
        elif isinstance(action, Reload):
            back = Reload((), (), action.unload[::-1], action.stop, action.does)
            modules.reload(self.look.run, back)

    def left(self, before: Situation, begun: Sequence[Action]) -> Optional[str]:
        return activate.outcome(self.look.now().info, before.info, self.begun)

    def extras(self, before: Situation, after: Situation) -> Dict[str, Any]:
        waits = "The driver's modules are still loaded" if after.info["loaded"] else ""
        return {**super().extras(before, after), WAITS: bool(waits), "msg": waits}
