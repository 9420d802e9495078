# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an action interrupts on a host, as actions tell it in their keys disruption and of."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Mapping

NONE = "none"
# Services that stop for a moment; of: their units
RESTART = "restart"
# GPU instances and compute instances that nobody uses; of: the GPU
DESTROY = "destroy"
# of: the GPU, whose clients end
RESET = "reset"
REBOOT = "reboot"
# From the least to the worst
KINDS = (NONE, RESTART, DESTROY, RESET, REBOOT)


def by(kind: str, *what: str) -> Dict[str, Any]:
    """The keys of an action that interrupts this."""
    return {"disruption": kind, "of": list(what)}


def kind(action: Mapping[str, Any]) -> str:
    """That of an action as modules return it; none where it says nothing."""
    return str(action.get("disruption", NONE))


def worst(actions: Iterable[Mapping[str, Any]]) -> str:
    """The worst of the actions."""
    return max((kind(action) for action in actions), key=KINDS.index, default=NONE)
