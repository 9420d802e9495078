# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything nvidia_driver_info tells of a host: runs the readers, and judges what they found."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict
from typing import Any, Dict, List, Optional, Sequence

from . import nvml_facts
from .backends import driver as driver_files
from .backends import driver_holders as holder_files
from .backends import driver_installed, driver_kernels, driver_loading, files, secureboot
from .backends import pci as pci_bus
from .backends.command import Run
from .core import driver_holders, driver_support, host, pci
from .core.driver_holders import Holder
from .core.driver_support import Gpu
from .core.driver_verdict import Card, OnDisk, State, verdict
from .core.pci import Device
from .core.reading import unread

NVIDIA = "10de"
# class "other bridge", which of NVIDIA's devices only NVSwitches have
_NVSWITCH_CLASS = "0680"
_JETSON = ("etc/nv_tegra_release", "usr/share/doc/nvidia-l4t-core")


def read(run: Run, paths: Sequence[str] = (), pynvml_path: Optional[str] = None, root: str = "/") -> Dict[str, Any]:
    """The whole result. paths: files whose checksums are wanted. root: as in host_facts.read."""
    return _Host(run, pynvml_path, root).read(paths)


class _Host:
    """One reading of a host."""

    def __init__(self, run: Run, pynvml_path: Optional[str], root: str) -> None:
        self._run = run
        self._pynvml_path = pynvml_path
        self._root = root
        self._unread: List[Dict[str, Any]] = []

    def read(self, paths: Sequence[str]) -> Dict[str, Any]:
        """Reads and judges."""
        devices = [device for device in pci_bus.read_candidates(self._root) if device.vendor_id == NVIDIA]
        loaded, flavour = driver_files.read_loaded(self._root)
        user_space = driver_files.user_space(self._root)
        # before NVML is asked, which opens device files itself
        processes = holder_files.processes(self._root) if loaded else {}
        nvml = self._nvml(loaded, user_space)
        for gpu in nvml["gpus"]:
            for process in gpu["processes"]:
                processes.setdefault(process["pid"], process["name"])
        holders = driver_holders.holders(processes, holder_files.modules(self._root))
        cards = [_card(device, nvml["gpus"]) for device in devices if _is_gpu(device)]
        packages = self._take(driver_installed.packages(self._run, self._root))
        dkms = self._take(driver_installed.dkms(self._run, self._root))
        secure_boot = self._take(secureboot.read(self._root))
        enrolled = self._take(driver_loading.mok_enrolled(self._run, self._root)) if _may_ask(secure_boot) else None
        kernels = driver_kernels.read(self._root)
        configuration = driver_loading.configuration(self._root)
        modules = driver_kernels.Modules(self._run, configuration.nvidia_is, self._root)
        on_disk = [found for found in map(modules.nvidia, kernels.releases) if found]
        self._unread += modules.unread
        running = os.uname().release
        state = State(
            running=running,
            kernels=kernels.releases,
            newest=kernels.newest,
            on_disk=tuple(module for module, _signer in on_disk),
            without_headers=tuple(release for release in kernels.releases if not kernels.headers[release]),
            loaded=loaded,
            loaded_flavour=flavour,
            user_space=user_space,
            nvml_status=nvml["driver"]["nvml_status"],
            packages=bool(packages),
            incomplete=tuple(package.name for package in packages if not package.complete),
            dkms=tuple(dkms),
            secure_boot=secure_boot,
            mok_enrolled=enrolled,
            nouveau_loaded=driver_loading.nouveau_loaded(self._root),
            nouveau_blacklisted=configuration.nouveau_blacklisted,
            nouveau_available=modules.has_nouveau(kernels.newest),
            initramfs_rebuilt=self._rebuilt(kernels.newest, configuration),
            blockers=tuple(holder.label for holder in holders if holder.blocks),
            cards=tuple(cards),
            jetson=any(os.path.exists(os.path.join(self._root, name)) for name in _JETSON),
        )
        judged = verdict(state)
        return {
            "verdict": judged.verdict,
            "reasons": list(judged.reasons),
            "fix": judged.fix,
            "packages": [asdict(package) for package in packages],
            "loaded": {"version": loaded, "flavour": flavour} if loaded else None,
            "on_disk": [_told(state, module, signer) for module, signer in on_disk],
            "kernel": {"running": running, "newest": kernels.newest, "headers": kernels.headers},
            "user_space": user_space,
            "nvml_status": state.nvml_status,
            "dkms": [asdict(line) for line in dkms],
            "secure_boot": secure_boot,
            "mok": {"enrolled": enrolled},
            "nouveau": {
                "loaded": state.nouveau_loaded,
                "blacklisted": state.nouveau_blacklisted,
                "available": state.nouveau_available,
                "initramfs_rebuilt": state.initramfs_rebuilt,
            },
            "holders": [_holder(holder) for holder in holders],
            "gpus": [dict(card.gpu._asdict(), driver=card.driver) for card in cards],
            "nvswitch": any(device.class_code.startswith(_NVSWITCH_CLASS) for device in devices),
            "files": {path: self._checksum(path) for path in paths},
            "unread": self._unread,
        }

    def _nvml(self, loaded: Optional[str], user_space: Optional[str]) -> Dict[str, Any]:
        """NVML's view. Without a loaded module it is not asked: for root it would load it."""
        status = None if loaded and user_space else "driver_not_loaded" if user_space else "library_not_found"
        if status:
            return {"gpus": [], "driver": {"nvml_status": status}}
        found = nvml_facts.read(self._pynvml_path)
        # what NVML as a whole cannot do is in the verdict; that pynvml is absent is no fault of the host's
        self._unread += [entry for entry in found["unread"] if entry["what"] != "nvml"]
        return found

    def _take(self, reading: Any) -> Any:
        self._unread += reading.unread
        return reading.value

    def _rebuilt(self, newest: Optional[str], said: driver_loading.Configuration) -> Optional[bool]:
        made = driver_kernels.initramfs_time(newest, self._root)
        return None if made is None or said.blacklisted_since is None else made >= said.blacklisted_since

    def _checksum(self, path: str) -> Optional[str]:
        try:
            data = files.read_bytes(os.path.join(self._root, path.lstrip("/")))
        except OSError as error:
            self._unread.append(unread("files " + path, str(error), "Run the task as root (become: true)"))
            return None
        return None if data is None else hashlib.sha256(data).hexdigest()


def _is_gpu(device: Device) -> bool:
    # virtual functions come with the driver, and go with it
    return pci.kind(device) == pci.GPU and device.physical_function is None


def _card(device: Device, known: Sequence[Dict[str, Any]]) -> Card:
    """NVML knows cards that are newer than this collection."""
    nvml = next((gpu for gpu in known if gpu["pci_bus_id"] == device.pci_bus_id), {})
    architecture = driver_support.architecture(device.device_id) or _word(nvml.get("architecture"))
    name = driver_support.name(device.device_id) or nvml.get("name")
    return Card(Gpu(device.pci_bus_id, device.device_id, architecture, name), device.driver)


def _word(architecture: Optional[str]) -> Optional[str]:
    # a number is what is told of an architecture without a word
    return architecture if architecture and not architecture.isdigit() else None


def _may_ask(secure_boot: str) -> bool:
    """Keys are enrolled through UEFI; without, there is nothing to ask."""
    return secure_boot in (host.ENABLED, host.DISABLED)


def _told(state: State, module: OnDisk, signer: Optional[str]) -> Dict[str, Any]:
    where = {"running": module.kernel == state.running, "newest": module.kernel == state.newest}
    return dict(asdict(module), signer=signer, **where)


def _holder(holder: Holder) -> Dict[str, Any]:
    return asdict(holder)
