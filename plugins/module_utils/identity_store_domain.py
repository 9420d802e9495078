# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain of identity_store."""

from __future__ import annotations

import hashlib
import time
from typing import Any, Dict, List, Optional

from . import changing
from .backends import identity_store as backend
from .converge import Domain
from .core import identity_store
from .core.boot import NONE
from .core.identity_store import Action, State, Wanted


class IdentityStoreDomain(Domain[State, Action]):
    """What is wanted in the folder."""

    def __init__(self, folder: str, wanted: Wanted, clock: Optional[float] = None) -> None:
        self.folder = folder
        self.clock_off = None if clock is None else int(time.time() - clock)
        self.wanted = wanted

    def observe(self) -> State:
        return backend.observe(self.folder)

    def plan(self, state: State) -> List[Action]:
        return identity_store.plan(self.wanted, state)

    def predict(self, state: State, actions: List[Action]) -> State:
        return identity_store.after(state, actions)

    def ready(self, actions: List[Action]) -> None:
        changing.check("Writing certificates", NONE)

    def apply(self, action: Action) -> None:
        backend.apply(self.folder, action)

    def undo(self, action: Action) -> None:
        backend.undo(self.folder, action)

    def describe(self, action: Action) -> Dict[str, Any]:
        return {"does": identity_store.describe(action)}

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
                    "certificate": after.files["{0}/{1}".format(slot, identity_store.CERTIFICATE)],
                    "chain": after.files["{0}/{1}".format(slot, identity_store.CHAIN)],
                }
                for slot in identity_store.SLOTS
            },
            "clock_off": self.clock_off,
        }
