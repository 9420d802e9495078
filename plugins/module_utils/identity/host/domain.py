# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain of identity_store."""

from __future__ import annotations

import hashlib
import time
from typing import Any, Dict, List, Optional

from ...boot.host import ready
from ...boot.unit import NONE
from ...common import effects
from ...converge import PlannedDomain
from .. import store
from ..store import Action, State, Wanted
from . import store as backend


class IdentityStoreDomain(PlannedDomain[State, Action]):
    """What is wanted in the folder."""

    rules = store

    def __init__(self, folder: str, wanted: Wanted, clock: Optional[float] = None) -> None:
        self.folder = folder
        self.clock_off = None if clock is None else int(time.time() - clock)
        self.wanted = wanted

    def observe(self) -> State:
        return backend.observe(self.folder)

    def ready(self, actions: List[Action]) -> None:
        ready.check("Writing certificates", NONE)

    def apply(self, action: Action) -> None:
        backend.apply(self.folder, action)

    def undo(self, action: Action) -> None:
        backend.apply(self.folder, effects.undo(action))

    def render(self, state: State) -> Dict[str, Any]:
        return {
            "active": state.active,
            "files": {
                path: None if content is None else hashlib.sha256(content.encode()).hexdigest()
                for path, content in state.files.items()
            },
        }

    def extras(self, before: State, after: State) -> Dict[str, Any]:
        return {
            "active": after.active,
            "slots": {
                slot: {
                    "key": slot in after.keys,
                    "public": store.public_key(after.keys.get(slot)),
                    "certificate": after.files["{0}/{1}".format(slot, store.CERTIFICATE)],
                    "chain": after.files["{0}/{1}".format(slot, store.CHAIN)],
                }
                for slot in store.SLOTS
            },
            "clock_off": self.clock_off,
        }
