# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads, unloads and loads the kernel module nvidia_drm, and remembers it, so that no run leaves it unloaded."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from typing import Any, List, Optional, Tuple

from ...common.clients import Client
from ...common.errors import EdgesiteError
from ...common.host import device_files, files, modprobe, owned_files, processes
from ...common.host.command import Run
from ...machine.host import modules
from ..drm import MODULE, Drm, SwitchModule
from ..explain import named_clients
from ..in_use import Kernel

# In /run: a reboot loads everything anyway.
RECORD = "/run/edgesite-gpu/unloaded-modules.json"
_DRIVER = "nvidia"
# They have a card open only while a process has their device file open.
_WITHOUT_CARDS = {_DRIVER, "nvidia_uvm", "nvidia_modeset"}
_PARAMETER = re.compile("[a-z_]+=[YN]")


def observe(resets: bool, root: str = "/", unload: Optional[Run] = None) -> Drm:
    """The module, and who uses it where it is in the way of resets; only root sees its parameters and all processes.

    unload: how programs are run, where the module may be unloaded.
    """
    use = next(iter(modules.using(MODULE, root)), None)
    if use is None:
        recorded = _recorded()
        return Drm(False, left=recorded is not None, parameters=recorded or ())
    version = files.told(os.path.join(root, "sys/module", _DRIVER, "version"))
    found = Drm(True, parameters=_parameters(root), driver=version)
    if not (resets and found.holds):
        return found
    clients = _clients(root)
    otherwise = bool(use.users or (use.count and not clients))
    return replace(found, clients=clients, otherwise=otherwise, lost=_lost(unload) if unload else "")


def _parameters(root: str) -> Tuple[str, ...]:
    """Those that are switches, as modprobe takes them."""
    folder = os.path.join(root, "sys/module", MODULE, "parameters")
    found = ("{0}={1}".format(name, files.told(os.path.join(folder, name))) for name in sorted(files.names(folder)))
    return tuple(parameter for parameter in found if _PARAMETER.fullmatch(parameter))


def _clients(root: str) -> Tuple[Client, ...]:
    """The processes that hold files in /dev/dri of cards that use the driver, with their services."""
    found = device_files.holders_of_any(["/dev/dri/" + node for node in _nodes(root)], root)
    return tuple(replace(client, unit=processes.service(client.pid, root)) for client in found)


def _nodes(root: str) -> List[str]:
    base = os.path.join(root, "sys/bus/pci/devices")
    cards = [card for card in files.names(base) if files.link_name(os.path.join(base, card, "driver")) == _DRIVER]
    return [node for card in sorted(cards) for node in sorted(files.names(os.path.join(base, card, "drm")))]


def kernel(root: str = "/") -> Kernel:
    """What of the kernel may hold a card."""
    users = {use.name for use in modules.using(_DRIVER, root)} - _WITHOUT_CARDS
    return Kernel(observe(True, root=root), tuple(sorted(users)))


def _lost(run: Run) -> str:
    """Why the module could not be loaded again once it is unloaded: a driver container has it, or modprobe lacks."""
    try:
        modprobe.do(run, "--dry-run", MODULE)
    except EdgesiteError as error:
        return error.problem
    return ""


def apply(run: Run, action: SwitchModule, root: str = "/") -> None:
    """Does one action. Raises EdgesiteError."""
    loaded = bool(modules.using(MODULE, root))
    if action.load:
        _load(run, action, loaded)
    elif loaded:
        # Before it is unloaded: a run that dies in between has unloaded nothing, or what is written here.
        owned_files.write_text(RECORD, json.dumps(list(action.parameters)) + "\n")
        _unload(run, root)


def _load(run: Run, action: SwitchModule, loaded: bool) -> None:
    if not loaded:
        try:
            modprobe.do(run, MODULE, *action.parameters)
        except EdgesiteError as error:
            error.fix = "Run 'modprobe {0}' on the host, and look for NVRM and nvidia in dmesg".format(MODULE)
            raise
    owned_files.remove(RECORD)


def _unload(run: Run, root: str) -> None:
    # With it go those that only it uses, such as nvidia_modeset. The driver itself stays, as NVML has it open.
    try:
        modprobe.do(run, "--remove", MODULE)
    except EdgesiteError as error:
        users = named_clients(_clients(root))
        error.problem += "; it is in use by " + users if users else ""
        error.fix = "Stop what uses the files in /dev/dri, or list its service in mig_quiesce (the option quiesce)"
        raise


def _recorded() -> Optional[Tuple[str, ...]]:
    """The parameters of the module that an earlier run unloaded; None where none did."""
    text = owned_files.read_text(RECORD)
    if text is None:
        return None
    try:
        found: Any = json.loads(text)
    except ValueError:
        return ()
    named = found if isinstance(found, list) else []
    return tuple(entry for entry in named if isinstance(entry, str) and _PARAMETER.fullmatch(entry))
