# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an action interrupts on a host, as actions tell it in their keys disruption and of.

What an action leaves for a later reset or reboot, as a change of the ECC mode does, interrupts nothing: the reset or
the reboot is an action of its own. Beside what is interrupted there is one kind for what is lost, wipe.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping

NONE = "none"
# Services that stop, most of them for a moment; of: their units
RESTART = "restart"
# GPU instances and compute instances that nobody uses; of: the GPU
DESTROY = "destroy"
# of: the GPU, whose clients end; or a process that uses one, and is ended
RESET = "reset"
REBOOT = "reboot"
# Data on a disk, which nothing brings back; of: the disk
WIPE = "wipe"
# From the least to the worst
KINDS = (NONE, RESTART, DESTROY, RESET, REBOOT, WIPE)

ALL_GPUS = "all GPUs"

# What actions of the same plan may come after, besides REBOOT: a change of their GPU's MIG mode
MODE = "mode"


def by(kind: str, *what: str) -> Dict[str, Any]:
    """The keys of an action that interrupts this."""
    return {"disruption": kind, "of": list(what)}


def gpu(label: str) -> str:
    """A GPU as of names it."""
    return "GPU " + label


def after(what: str) -> Dict[str, Any]:
    """The key of an action that comes after this; none where it comes after nothing."""
    return {"after": what} if what else {}


def kind(action: Mapping[str, Any]) -> str:
    """That of an action as modules return it; none where it says nothing."""
    return str(action.get("disruption", NONE))
