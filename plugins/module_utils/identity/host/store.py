# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder that holds a host's identity."""

from __future__ import annotations

import os

from ...common.host import command, effects, owned_files
from .. import store
from ..store import Action, State


def observe(folder: str) -> State:
    """What is there; a missing folder is an empty one."""
    keys = {slot: owned_files.read_text(os.path.join(folder, slot, store.KEY)) for slot in store.SLOTS}
    return State(
        files={name: owned_files.read_text(os.path.join(folder, name)) for name in store.FILES},
        keys={slot: text for slot, text in keys.items() if text is not None},
        active=_active(folder),
    )


def _active(folder):
    slot = owned_files.read_link(os.path.join(folder, store.LINK))
    return slot if slot in store.SLOTS else None


def apply(folder: str, action: Action) -> None:
    """Does one action, in one step for whoever reads meanwhile."""
    effects.apply(command.run, action._replace(path=os.path.join(folder, action.path)))
