# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error for a card of which the driver says that it is in use: by whom, and what to do about it."""

from __future__ import annotations

from typing import List, NamedTuple, Sequence, Tuple

from ..common.clients import Client
from ..common.errors import EdgesiteError
from ..gpu.selectors import GpuId
from . import drm
from .drm import Drm
from .explain import holders, named_clients


class Kernel(NamedTuple):
    """What of the kernel may hold a card. modules: those that use the driver besides its own for computing."""

    drm: Drm
    modules: Tuple[str, ...]


NOTHING = Kernel(Drm(False), ())


def error(problem: str, gpu: GpuId, clients: Sequence[Client], kernel: Kernel, reset: bool) -> EdgesiteError:
    """clients: the processes that use the card. reset: whether it is to be reset, which a watching process prevents."""
    module = [drm.holder(gpu)] if kernel.drm.holds else []
    return EdgesiteError(
        "{0}: {1}".format(problem, _by(clients, kernel)),
        "; ".join(_fixes(clients, kernel, reset)),
        {"holders": holders(gpu, clients) + module},
    )


def _by(clients: Sequence[Client], kernel: Kernel) -> str:
    named = [named_clients(clients)] if clients else []
    if kernel.drm.holds:
        used = ", which is in use by {0}".format(named_clients(kernel.drm.clients)) if kernel.drm.clients else ""
        named.append("the kernel module {0}{1}".format(drm.MODULE, used))
    if named:
        return ", ".join(named)
    using = " (kernel modules that use the driver: {0})".format(", ".join(kernel.modules)) if kernel.modules else ""
    return "by something that NVML does not list" + using


def _fixes(clients: Sequence[Client], kernel: Kernel, reset: bool) -> List[str]:
    if kernel.drm.holds and not clients:
        return [drm.UNLOAD]
    fixes = ["Stop them or wait for them, and run again"] if clients else _of_the_unseen(kernel.modules)
    if reset:
        fixes.append("list services that only monitor the card in mig_quiesce (the option quiesce)")
    if kernel.drm.holds:
        fixes.append(drm.UNLOAD[0].lower() + drm.UNLOAD[1:])
    return fixes


def _of_the_unseen(modules: Sequence[str]) -> List[str]:
    fixes = ["Stop what monitors the card, such as dcgm or an exporter, and run again"]
    if modules:
        fixes.append("unload these modules with 'modprobe --remove {0}'".format(" ".join(modules)))
    return fixes
