# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes on a card, as NVML lists them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional


@dataclass(frozen=True)
class Client:
    """A process on a card. The instance ids are NVML's, None outside of MIG. unit: its service, where that is known."""

    pid: int
    name: Optional[str]
    gpu_instance_id: Optional[int] = None
    compute_instance_id: Optional[int] = None
    unit: Optional[str] = field(default=None, compare=False)

    def label(self) -> str:
        unit = ", " + self.unit if self.unit else ""
        return "{0} (pid {1}{2})".format(self.name or "a process", self.pid, unit)
