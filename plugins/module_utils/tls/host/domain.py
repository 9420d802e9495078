# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain of tls_services."""

from __future__ import annotations

from typing import Any, Dict, List

from ...boot.host import ready
from ...boot.unit import NONE
from ...common.host.command import Run
from ...converge import Domain
from .. import services
from ..options import Wanted
from ..services import Action, Change, State
from . import services as backend


class TlsServicesDomain(Domain[State, Action]):
    """Services and proxies that are to use the key in the TPM."""

    def __init__(self, run: Run, wish: Wanted) -> None:
        self.run = run
        self.wish = wish

    def observe(self) -> State:
        return backend.observe(self.run, self.wish)

    def plan(self, state: State) -> List[Action]:
        return services.plan(self.wish, state)

    def predict(self, state: State, actions: List[Action]) -> State:
        return services.after(state, actions)

    def ready(self, actions: List[Action]) -> None:
        ready.check("Changing services", NONE)
        services.check_ready(self.wish, self.observe())

    def apply(self, action: Action) -> None:
        backend.apply(self.run, self.wish, action)

    def undo(self, action: Action) -> None:
        backend.undo(self.run, action)

    def final(self, action: Action) -> bool:
        return isinstance(action, Change) and action.verb in ("reload", "restart")

    def describe(self, action: Action) -> Dict[str, Any]:
        return {"does": services.describe(action)}

    def render(self, state: State) -> Dict[str, Any]:
        return services.show(self.wish, state)

    def extras(self, before: State, after: State) -> Dict[str, Any]:
        return {
            "missing_packages": services.missing(self.wish, after),
            "unknown_services": services.unknown(self.wish, after),
        }
