# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain of host_tools."""

from __future__ import annotations

import os
from typing import Any, ContextManager, Dict, List, Optional

from ...common.errors import EdgesiteError
from ...converge import Domain, described_by
from .. import tools
from ..tools import Install, Manifest, State
from . import tools as backend


class HostToolsDomain(Domain[State, Install]):
    """The tools that are wanted on this host, and the archive they come from."""

    def __init__(self, present: bool, manifest: Manifest, archive: Optional[str]) -> None:
        self.manifest = tools.demanded(present, manifest)
        self.archive = archive

    def alone(self) -> ContextManager[None]:
        return backend.alone()

    def observe(self) -> State:
        return backend.observe()

    def plan(self, state: State) -> List[Install]:
        return tools.plan(self.manifest, state)

    def predict(self, state: State, actions: List[Install]) -> State:
        return State(self.manifest, actions[-1].version, bool(self.manifest)) if actions else state

    def ready(self, actions: List[Install]) -> None:
        if os.geteuid() != 0:
            raise EdgesiteError(
                "Installing the host tools needs root, but this task runs as another user", "Set become: true"
            )

    def apply(self, action: Install) -> None:
        if action.version is None:
            backend.remove()
        elif self.archive is None:
            raise EdgesiteError(
                "the archive with the host tools did not arrive",
                "Run this module as a task, so that its action plugin can send the archive",
            )
        else:
            backend.install(self.archive, action.version, self.manifest)

    def undo(self, action: Install) -> None:
        raise EdgesiteError("the only action of a plan has nothing to be taken back for")

    def describe(self, action: Install) -> Dict[str, Any]:
        return {**described_by(tools, action), "version": action.version}

    def render(self, state: State) -> Dict[str, Any]:
        return {"version": state.version, "files": state.files}
