# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain of tls_services."""

from __future__ import annotations

from typing import Any, Dict, List

from ...boot.host import ready
from ...boot.unit import NONE
from ...common.host.command import Run
from ...converge import PlannedDomain
from .. import services
from ..options import Wanted
from ..services import Action, Change, State
from . import services as backend


class TlsServicesDomain(PlannedDomain[State, Action]):
    """Services and proxies that are to use the key in the TPM.

    identity: for a plan of when the certificate is another one (RENEWED), or is for certain none but the one that is
    there (KEPT); empty where nothing is known of that. installs: programs that are missing are installed first.
    """

    rules = services

    def __init__(self, run: Run, wish: Wanted, identity: str = "", installs: bool = True) -> None:
        self.run = run
        self.identity = identity
        self.installs = installs
        self.wanted = wish

    def observe(self) -> State:
        state = backend.observe(self.run, self.wanted)
        return services.with_new_certificate(state) if self.identity == services.RENEWED else state

    def plan(self, state: State) -> List[Action]:
        actions = super().plan(state)
        if actions:
            self._check(state)
        return actions

    def _check(self, state: State) -> None:
        """Raises EdgesiteError where these actions will never be: the group comes with the programs."""
        if not self.installs:
            services.check_packages(self.wanted, state)
        if self.identity and not services.missing(self.wanted, state):
            services.check_group(self.wanted, state)
        if self.identity == services.KEPT:
            services.check_identity(self.wanted, state)

    def ready(self, actions: List[Action]) -> None:
        ready.check("Changing services", NONE)
        services.check_ready(self.wanted, self.observe())

    def apply(self, action: Action) -> None:
        backend.apply(self.run, self.wanted, action)

    def undo(self, action: Action) -> None:
        backend.undo(self.run, action)

    def final(self, action: Action) -> bool:
        return isinstance(action, Change) and action.verb in ("reload", "restart")

    def render(self, state: State) -> Dict[str, Any]:
        return services.show(self.wanted, state)

    def extras(self, before: State, after: State) -> Dict[str, Any]:
        return {
            "missing_packages": services.missing(self.wanted, after),
            "unknown_services": services.unknown(self.wanted, after),
        }
