# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is to the domains of its driver: looked at once, and again after something changed."""

from __future__ import annotations

from typing import Optional, Set

from ...common.host import owned_files
from ...common.host.command import Run
from ...machine.host import system
from .. import files, packages
from ..packages import System
from ..plan import Situation
from . import facts


class Look:
    """pynvml_path: as nvidia_driver_info's. pending: a part found that something would change.

    brought: services that this run has installed or unmasked, and not started yet; they may run for all that.
    """

    def __init__(self, run: Run, pynvml_path: Optional[str]) -> None:
        self.run = run
        self.pending = False
        self.brought: Set[str] = set()
        self._pynvml_path = pynvml_path
        self._seen: Optional[Situation] = None
        self._on: Optional[System] = None

    def now(self) -> Situation:
        """What there is. Raises EdgesiteError."""
        if self._seen is None:
            self._seen = Situation(
                facts.read(self.run, self._pynvml_path),
                self._system(),
                {path: owned_files.read_text(path) for path in files.paths()},
                {path: owned_files.read_link(path) for path in files.links()},
            )
        return self._seen

    def foresee(self, state: Situation) -> None:
        """Check mode: what there would be, for the parts that come after the one that says so."""
        self._seen = state

    def forget(self) -> None:
        """Something changed."""
        self._seen = None

    def _system(self) -> System:
        if self._on is None:
            found = system.read()
            self._on = packages.system({**found["os"], "architecture": found["architecture"]})
        return self._on
