# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nvidia_driver_info would find once steps are done: check mode plans by it what comes after them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, Dict, List, Mapping, Optional, Sequence

from ..common.effects import MaskUnit, RunUnit, WriteFile
from . import files, packages, parts, support
from .actions import Action, Hold, Install, RebuildInitramfs, Reload, Remove, TellService
from .plan import Packages
from .state import Card, Fabric, OnDisk, State
from .verdict import verdict
from .versions import driver_version

Info = Mapping[str, Any]


def after(info: Info, actions: Sequence[Action], version: Optional[str] = None) -> Info:
    """version: the one that an installation brings, where the sources of packages tell it."""
    for action in actions:
        info = _after(info, action, version)
    return _judged(info) if actions else info


def brought(info: Info, wanted: Packages) -> List[str]:
    """The services that an installation adds. Some packages start theirs, so these count as stopped until told."""
    names = (*wanted.strict, *wanted.loose)
    return [name for name, state in info["services"].items() if state == parts.ABSENT and name in names]


def _after(info: Info, action: Action, version: Optional[str]) -> Info:
    if isinstance(action, Install):
        return _installed(info, action.packages, version or _version(info, action.packages.glob))
    if isinstance(action, Remove):
        return _without(info, action.names)
    if isinstance(action, Reload):
        return _reloaded(info, action)
    if isinstance(action, Hold):
        return _held(info, action.names, action.held)
    if isinstance(action, RebuildInitramfs):
        return _of_nouveau(info, initramfs_rebuilt=True)
    if isinstance(action, TellService):
        return info if action.file is None else _after(info, action.file, version)
    if isinstance(action, WriteFile):
        return _of_nouveau(info, blacklisted=action.content is not None) if action.path == files.NOUVEAU else info
    if isinstance(action, RunUnit):
        return _served(info, action.unit, parts.RUNNING if action.running else parts.STOPPED)
    if isinstance(action, MaskUnit):
        return _served(info, action.unit, parts.MASKED if action.masked else parts.STOPPED)
    return info


def _version(info: Info, glob: str) -> str:
    """What is there stays where it fits, as far as one knows."""
    there = (info["user_space"], (info["loaded"] or {}).get("version"))
    return next((one for one in there if one and fnmatchcase(one + "-1", glob)), driver_version(glob))


def _installed(info: Info, wanted: Packages, version: str) -> Info:
    there = {
        one["name"]: one for one in _held(info, wanted.held, False)["packages"] if one["name"] not in wanted.remove
    }
    added = [name for name in wanted.loose if name not in there and packages.is_driver_package(name)]
    for name in (*wanted.strict, *added):
        there[name] = {"name": name, "version": wanted.glob, "held": there.get(name, {}).get("held", False)}
    complete = [{**there[name], "complete": True} for name in sorted(there)]
    services = {**info["services"], **dict.fromkeys(brought(info, wanted), parts.STOPPED)}
    fabric = info["fabric_manager"] and {**info["fabric_manager"], "installed": True, "version": version}
    on_disk = _built(info, wanted, version)
    return {
        **info,
        "user_space": version,
        "packages": complete,
        "services": services,
        "fabric_manager": fabric,
        "on_disk": on_disk,
        "nvml_status": "ok",
    }


def _built(info: Info, wanted: Packages, version: str) -> List[Dict[str, Any]]:
    """DKMS builds for every kernel that has headers; other packages are of the kernel that boots next."""
    kernel = info["kernel"]
    newest = kernel.get("newest")
    built = {name for name, there in kernel["headers"].items() if there and wanted.dkms} | ({newest} - {None})
    others = [one for one in info["on_disk"] if one["kernel"] not in built]
    made = [
        {"kernel": name, "version": version, "flavour": wanted.flavour, "running": name == kernel["running"]}
        for name in sorted(built)
    ]
    return [*others, *made]


def _without(info: Info, names: Sequence[str]) -> Info:
    left = [one for one in info["packages"] if one["name"] not in names]
    services = dict.fromkeys(info["services"], parts.ABSENT)
    return {**info, "packages": left, "services": services, "user_space": None, "on_disk": []}


def _reloaded(info: Info, action: Reload) -> Info:
    disk = next((one for one in info["on_disk"] if one["running"]), None)
    loaded = {"version": disk["version"], "flavour": disk.get("flavour")} if disk and action.load else None
    return {**info, "loaded": loaded, "services": {**info["services"], **_after_reload(action)}}


def _after_reload(action: Reload) -> Dict[str, str]:
    return {**dict.fromkeys(action.stop, parts.STOPPED), **dict.fromkeys(action.start, parts.RUNNING)}


def _held(info: Info, names: Sequence[str], held: bool) -> Info:
    told = [{**one, "held": held} if one["name"] in names else one for one in info["packages"]]
    return {**info, "packages": told}


def _of_nouveau(info: Info, **changes: bool) -> Info:
    return {**info, "nouveau": {**info["nouveau"], **changes}}


def _served(info: Info, unit: str, state: str) -> Info:
    name = unit.rpartition(".")[0]
    known = info["services"].get(name, parts.ABSENT)
    # One that is masked is not there to be seen stopped.
    return info if known == parts.ABSENT else {**info, "services": {**info["services"], name: state}}


def _judged(info: Info) -> Info:
    judged = verdict(_state(info))
    return {**info, "verdict": judged.verdict, "reasons": list(judged.reasons), "fix": judged.fix}


def _state(info: Info) -> State:
    """What the verdict depends on, as far as it was told. What a program may have to do yet counts as done."""
    kernel, loaded, nouveau = info["kernel"], info["loaded"] or {}, info["nouveau"]
    return State(
        running=kernel["running"],
        kernels=tuple(kernel["headers"]) if kernel.get("newest") else (),
        newest=kernel.get("newest"),
        on_disk=tuple(_module(one) for one in info["on_disk"]),
        loaded=loaded.get("version"),
        loaded_flavour=loaded.get("flavour"),
        user_space=info["user_space"],
        nvml_status=info["nvml_status"],
        secure_boot=info["secure_boot"],
        mok_enrolled=info["mok"]["enrolled"],
        nouveau_loaded=nouveau["loaded"],
        nouveau_blacklisted=bool(nouveau.get("blacklisted")),
        initramfs_rebuilt=nouveau.get("initramfs_rebuilt"),
        blockers=tuple(str(one["name"]) for one in info["holders"] if one.get("blocks") and loaded),
        cards=tuple(_card(one, bool(loaded)) for one in info["gpus"]),
        fabric=_fabric(info),
        installed_by=info.get("installed_by"),
    )


def _module(one: Mapping[str, Any]) -> OnDisk:
    return OnDisk(one["kernel"], one["version"], one.get("flavour"), one.get("signed", True))


def _card(gpu: Mapping[str, Any], loaded: bool) -> Card:
    known = support.Gpu(gpu["pci_bus_id"], gpu["pci_device_id"], gpu.get("architecture"), gpu.get("name"))
    return Card(known, gpu.get("driver") or (parts.MAIN if loaded else None))


def _fabric(info: Info) -> Optional[Fabric]:
    there = info["fabric_manager"]
    running = info["services"].get(parts.FABRIC_MANAGER) == parts.RUNNING
    return there and Fabric(bool(there["installed"]), there["version"], running)
