# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds packages of the driver, and notes it."""

from __future__ import annotations

from typing import Sequence, Tuple

from ...common import effects
from ...common.host import effects as host_effects
from ...common.host.command import Run
from ..actions import Hold
from .install import Manager
from .look import Look


def apply(run: Run, manager: Manager, action: Hold) -> None:
    """What is held is in the note at any time: a hold that is not noted would be taken for somebody else's."""
    if action.held:
        host_effects.apply(run, action.note)
    manager.hold(action.names, action.held)
    if not action.held:
        host_effects.apply(run, action.note)


def undo(look: Look, manager: Manager, action: Hold) -> None:
    """Takes that back."""
    note = effects.undo(action.note)
    names = action.names if action.held else _there(look, action.names)
    apply(look.run, manager, Hold(names, not action.held, note))


def again(look: Look, manager: Manager, names: Sequence[str]) -> None:
    """Holds what was let go of for a while."""
    manager.hold(_there(look, names), True)


def _there(look: Look, names: Sequence[str]) -> Tuple[str, ...]:
    """Those that are installed; all of them where that cannot be seen.

    Apt holds others too, and nobody would know any more whose hold that is.
    """
    look.forget()
    now = look.now()
    # What is held next is seen by the next look alone.
    look.forget()
    if any(entry["what"] == "packages" for entry in now.info["unread"]):
        return tuple(names)
    return tuple(name for name in names if name in now.packages)
