# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds packages of the driver, and notes it."""

from __future__ import annotations

from ...common import effects
from ...common.host import effects as host_effects
from ...common.host.command import Run
from ..actions import Hold
from .install import Manager


def apply(run: Run, manager: Manager, action: Hold) -> None:
    """What is held is in the note at any time: a hold that is not noted would be taken for somebody else's."""
    if action.held:
        host_effects.apply(run, action.note)
    manager.hold(action.names, action.held)
    if not action.held:
        host_effects.apply(run, action.note)


def undo(run: Run, manager: Manager, action: Hold) -> None:
    """Takes that back."""
    apply(run, manager, Hold(action.names, not action.held, effects.undo(action.note)))
