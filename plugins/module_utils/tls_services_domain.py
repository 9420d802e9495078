# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain of tls_services."""

from __future__ import annotations

from typing import Any, Dict, List

from . import changing
from .backends import tls_services as backend
from .backends.command import Run
from .converge import Domain
from .core import tls_services
from .core.boot import NONE
from .core.tls_services import Action, Change, State, Wanted


class TlsServicesDomain(Domain[State, Action]):
    """Services and proxies that are to use the key in the TPM."""

    def __init__(self, run: Run, wish: Wanted) -> None:
        self.run = run
        self.wish = wish

    def observe(self) -> State:
        return backend.observe(self.run, self.wish)

    def plan(self, state: State) -> List[Action]:
        return tls_services.plan(self.wish, state)

    def predict(self, state: State, actions: List[Action]) -> State:
        return tls_services.after(state, actions)

    def ready(self, actions: List[Action]) -> None:
        changing.check("Changing services", NONE)
        tls_services.check_ready(self.wish, self.observe())

    def apply(self, action: Action) -> None:
        backend.apply(self.run, self.wish, action)

    def undo(self, action: Action) -> None:
        backend.undo(self.run, action)

    def final(self, action: Action) -> bool:
        return isinstance(action, Change) and action.verb in ("reload", "restart")

    def describe(self, action: Action) -> Dict[str, Any]:
        return {"does": tls_services.describe(action)}

    def render(self, state: State) -> Dict[str, Any]:
        return tls_services.show(self.wish, state)

    def extras(self, before: State, after: State) -> Dict[str, Any]:
        return {
            "missing": tls_services.missing(self.wish, after),
            "unknown_services": tls_services.unknown(self.wish, after),
        }
