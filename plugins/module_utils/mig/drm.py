# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel module nvidia_drm, which keeps cards from their reset without a process that could be named.

With its parameter modeset on, it has every card open, and a reset counts that as it counts a process: kernel-open's
nvidia-drm-drv.c and nv.c (nvidia_dev_get) in NVIDIA's open-gpu-kernel-modules. From branch 595 on it is not counted
(reset_aware). nvidia-mig-parted's README tells to unload it for a change of the mode and to load it again afterwards:
https://github.com/NVIDIA/mig-parted/issues/181
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Collection, Dict, List, NamedTuple, Sequence, Tuple

from ..common import lines
from ..common.clients import Client
from ..common.disruption import NONE, by
from ..common.errors import EdgesiteError
from ..gpu.selectors import GpuId
from .actions import EndClient, SetMode
from .explain import holders, named_clients

MODULE = "nvidia_drm"
_NOT_COUNTED_FROM = 595
_MODESET = "modeset=Y"
UNLOAD = "Set mig_unload_drm: true (the option unload_drm), which unloads nvidia_drm for the reset and loads it again"
_QUIESCE = "list its service in mig_quiesce (the option quiesce)"
_WITHOUT_MODESET = (
    "Set its parameter modeset to 0, with which it holds no GPU, and reboot the host: run "
    "'grep -rs modeset= /etc/modprobe.d /usr/lib/modprobe.d /proc/cmdline' there to see where it is set"
)


@dataclass(frozen=True)
class Drm:
    """The module as observed.

    left: an earlier run unloaded it and did not load it again. parameters: those it is loaded with, or was before that.
    driver: version of the driver. clients: processes that hold files in /dev/dri of cards that use the driver.
    otherwise: whether something else uses the module, such as the kernel's console. lost: why it could not be loaded
    again once it is unloaded; empty where it could, or where that was not asked.
    """

    loaded: bool
    left: bool = field(default=False, compare=False)
    parameters: Tuple[str, ...] = field(default=(), compare=False)
    driver: str = field(default="", compare=False)
    clients: Tuple[Client, ...] = field(default=(), compare=False)
    otherwise: bool = field(default=False, compare=False)
    lost: str = field(default="", compare=False)

    @property
    def holds(self) -> bool:
        """Whether it keeps cards from a reset."""
        branch = lines.as_int(self.driver.split(".")[0]) or 0
        return self.loaded and _MODESET in self.parameters and branch < _NOT_COUNTED_FROM


class SwitchModule(NamedTuple):
    """Loads or unloads the module. parameters: for modprobe."""

    load: bool
    parameters: Tuple[str, ...]


def problems(
    actions: Sequence[Any],
    resetting: Collection[GpuId],
    found: Drm,
    allowed: bool,
    quiesced: Collection[str],
    at_boot: Collection[GpuId] = (),
) -> List[EdgesiteError]:
    """Why cards cannot be reset, as the module holds them.

    resetting: those that the actions reset. allowed: whether it may be unloaded. quiesced: units that are stopped
    before. at_boot: cards that the boot unit resets, who uses the module then is not known.
    """
    resets = [*resetting, *at_boot]
    if not resets or not found.holds:
        return []
    if allowed and found.lost:
        return [_lost(found)]
    if allowed and not resetting:
        return []
    ended = {action.client.pid for action in _before_reset(actions, resetting) if isinstance(action, EndClient)}
    busy = [client for client in found.clients if client.unit not in quiesced and client.pid not in ended]
    if not allowed:
        return [_not_allowed(resets, found, busy)]
    if busy:
        return [_cannot(resetting, named_clients(busy), "Stop {0}, or {1}".format(_them(busy), _QUIESCE), busy)]
    if found.otherwise and not found.clients:
        return [_cannot(resetting, "something other than a process, such as the console", _WITHOUT_MODESET, [])]
    return []


def _lost(found: Drm) -> EdgesiteError:
    return EdgesiteError(
        "{0} would be unloaded for the reset, but could not be loaded again ({1})".format(MODULE, found.lost),
        "Run 'modprobe --remove {0}' on the host, and run again; a restart of the driver container, or a reboot, "
        "loads it again".format(MODULE),
    )


def _them(clients: Sequence[Client]) -> str:
    return "it" if len(clients) == 1 else "them"


def _not_allowed(resetting: Collection[GpuId], found: Drm, busy: Sequence[Client]) -> EdgesiteError:
    used = "; it is in use by " + named_clients(found.clients) if found.clients else ""
    fix = UNLOAD
    if busy:
        fix += "; before that, stop {0}, or {1}".format(named_clients(busy), _QUIESCE)
    return EdgesiteError(
        "A change of MIG mode resets GPU {0}, which the kernel module {1} holds open{2}".format(
            _labels(resetting), MODULE, used
        ),
        fix,
        {"holders": _holders(resetting, found.clients)},
    )


def _cannot(resetting: Collection[GpuId], user: str, fix: str, busy: Sequence[Client]) -> EdgesiteError:
    return EdgesiteError(
        "A change of MIG mode resets GPU {0}, for which the kernel module {1} has to be unloaded, but it is in use by "
        "{2}".format(_labels(resetting), MODULE, user),
        fix,
        {"holders": _holders(resetting, busy)},
    )


def _labels(gpus: Collection[GpuId]) -> str:
    return ", ".join(gpu.label() for gpu in gpus)


def _holders(gpus: Collection[GpuId], clients: Sequence[Client]) -> List[Dict[str, Any]]:
    return [entry for gpu in gpus for entry in [holder(gpu), *holders(gpu, clients)]]


def holder(gpu: GpuId) -> Dict[str, Any]:
    """The module as a holder of a card, for programs."""
    return {"gpu": gpu.uuid, "pid": None, "name": MODULE, "gpu_instance_id": None}


def around(actions: Sequence[Any], resetting: Collection[GpuId], found: Drm) -> List[Any]:
    """The actions, with the module unloaded before the first reset where it is in the way, and loaded in the end.

    What an earlier run left unloaded is loaded in any case.
    """
    unloads = bool(resetting) and found.holds
    before = _before_reset(actions, resetting) if unloads else list(actions)
    unload = [SwitchModule(False, found.parameters)] if unloads else []
    load = [SwitchModule(True, found.parameters)] if unloads or found.left else []
    return [*before, *unload, *actions[len(before) :], *load]


def _before_reset(actions: Sequence[Any], resetting: Collection[GpuId]) -> List[Any]:
    resets = (
        place
        for place, action in enumerate(actions)
        if isinstance(action, SetMode) and action.gpu in resetting and not action.waits
    )
    return list(actions[: next(resets, len(actions))])


def undo(action: SwitchModule) -> SwitchModule:
    """The action that takes this one back."""
    return action._replace(load=not action.load)


def after(found: Drm, actions: Sequence[object]) -> Drm:
    """The module once the actions are done."""
    switches = [action for action in actions if isinstance(action, SwitchModule)]
    return replace(found, loaded=True, left=False) if switches else found


def describe(action: SwitchModule) -> Dict[str, Any]:
    """The action for users. It interrupts nobody: the module goes only where nothing uses it."""
    verb = "load" if action.load else "unload"
    return {
        "does": "{0} the kernel module {1}".format(verb, MODULE),
        "kind": verb + "_module",
        "module": MODULE,
        **by(NONE),
    }
