# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything nvidia_driver_info tells of a host: runs the readers, and judges what they found."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from ...common import lines
from ...common.errors import EdgesiteError
from ...common.host import files
from ...common.host.command import Run
from ...common.reading import Reading, unread
from ...gpu.host import facts, unlisted
from ...gpu.host.process import NvmlProcess
from ...machine import pci, system
from ...machine.host import pci as pci_bus
from ...machine.host import secureboot
from ...machine.pci import Device
from .. import holders as driver_holders
from .. import parts, support
from ..files import HOLDS
from ..holders import Holder
from ..parse import Dkms, Package
from ..state import Card, Fabric, OnDisk, State
from ..support import Gpu
from ..verdict import verdict
from . import firmware as driver_firmware
from . import holders as holder_files
from . import installed as driver_installed
from . import kernels as driver_kernels
from . import loading, versions
from . import services as driver_services
from .kernels import Kernels, Modules
from .loading import Configuration

NVIDIA = "10de"
# class "other bridge", which of NVIDIA's devices only NVSwitches have
_NVSWITCH_CLASS = "0680"
# the kernel driver of devices that a guest has
_PASSED_ON = "vfio-pci"
_JETSON = ("etc/nv_tegra_release", "usr/share/doc/nvidia-l4t-core")


@dataclass
class _Running:
    """What runs: the loaded module, the libraries, and who uses them."""

    loaded: Optional[str]
    flavour: Optional[str]
    user_space: Optional[str]
    installed_by: Optional[str]
    nvml_status: str
    holders: List[Holder]
    cards: List[Card]


@dataclass
class _Disk:
    """What the kernels have, and what decides what they load. modules: each with its signer."""

    kernels: Kernels
    modules: List[Tuple[OnDisk, Optional[str]]]
    configuration: Configuration
    has_nouveau: bool
    initramfs_rebuilt: Optional[bool]
    secure_boot: str
    mok_enrolled: Optional[bool]
    firmware: Optional[Tuple[str, ...]]


@dataclass
class _Installed:
    """What is installed. held_by_role: by the note of the role driver. fabric: None without NVSwitches."""

    packages: List[Package]
    held_by_role: List[str]
    dkms: List[Dkms]
    services: Dict[str, str]
    fabric: Optional[Fabric]


def read(run: Run, pynvml_path: Optional[str] = None, root: str = "/") -> Dict[str, Any]:
    """The whole result. root: as in site/host/facts.py."""
    reader = _Reader(run, pynvml_path, root)
    devices: List[Device] = reader.guarded("gpus", lambda: Reading(pci_bus.read_candidates(root)), [])
    devices = [device for device in devices if device.vendor_id == NVIDIA]
    switches = [device for device in devices if device.class_code.startswith(_NVSWITCH_CLASS)]
    running = reader.running(devices)
    disk = reader.disk()
    installed = reader.installed(switches)
    state = _state(running, disk, installed, root)
    told = _told(state, running, disk, installed)
    told["nvswitch"] = bool(switches)
    return dict(told, unread=reader.unread)


class _Reader:
    """Reads a host, and keeps what could not be read."""

    def __init__(self, run: Run, pynvml_path: Optional[str], root: str) -> None:
        self._run = run
        self._pynvml_path = pynvml_path
        self._root = root
        self.unread: List[Dict[str, Any]] = []

    def guarded(self, what: str, reader: Callable[[], Reading], empty: Any) -> Any:
        """What the reader tells; empty where it cannot, for one reading must not cost all the others."""
        try:
            reading = reader()
        except OSError as error:
            self.unread.append(unread(what, str(error), "Run the task as root (become: true)"))
            return empty
        except EdgesiteError as error:
            self.unread.append(unread(what, error.problem, error.fix))
            return empty
        self.unread += reading.unread
        return reading.value

    def running(self, devices: Sequence[Device]) -> _Running:
        """The loaded module, the libraries, and who uses them."""
        root = self._root
        loaded, flavour = self.guarded("loaded", lambda: Reading(versions.read_loaded(root)), (None, None))
        user_space = self.guarded("user_space", lambda: Reading(versions.user_space(root)), None)
        installed_by = self.guarded("installed_by", lambda: Reading(versions.installed_by(root)), None)
        # before NVML is asked, which opens device files itself
        processes = holder_files.processes(root) if loaded else {}
        nvml = self._nvml(loaded, user_space)
        for gpu in nvml["gpus"]:
            for process in gpu["processes"]:
                processes.setdefault(process["pid"], process["name"])
        holders = driver_holders.holders(processes, holder_files.modules(root))
        status = nvml["driver"]["nvml_status"]
        missing = unlisted.read([gpu["pci_bus_id"] for gpu in nvml["gpus"]], root) if status == "ok" else []
        cards = [_card(device, nvml["gpus"], missing) for device in devices if _is_gpu(device)]
        return _Running(loaded, flavour, user_space, installed_by, status, holders, cards)

    def _nvml(self, loaded: Optional[str], user_space: Optional[str]) -> Dict[str, Any]:
        """NVML's view. Without a loaded module it is not asked: for root it would load it."""
        status = None if loaded and user_space else "driver_not_loaded" if user_space else "library_not_found"
        if status:
            return {"gpus": [], "driver": {"nvml_status": status}}
        found = facts.read(NvmlProcess(self._pynvml_path))
        # what NVML as a whole cannot do is in the verdict; that pynvml is absent is no fault of the host's
        self.unread += [entry for entry in found["unread"] if entry["what"] != "nvml"]
        return found

    def installed(self, switches: Sequence[Device]) -> _Installed:
        """Packages and services. The fabric manager belongs where the switches are: a guest may have them."""
        run, root = self._run, self._root
        services = self.guarded("services", lambda: driver_services.services(run, root), {})
        fabric = None
        if any(device.driver != _PASSED_ON for device in switches):
            there, version = self.guarded("fabric_manager", lambda: driver_services.fabric_manager(run), (False, None))
            fabric = Fabric(there, version, services.get(parts.FABRIC_MANAGER) == parts.RUNNING)
        return _Installed(
            self.guarded("packages", lambda: driver_installed.packages(run, root), []),
            self.guarded("held_by_role", lambda: _words(root, HOLDS), []),
            self.guarded("dkms", lambda: driver_installed.dkms(run, root), []),
            services,
            fabric,
        )

    def disk(self) -> _Disk:
        """The kernels' modules, and what decides whether they load."""
        root = self._root
        kernels = driver_kernels.read(root)
        said = self.guarded("nouveau", lambda: Reading(loading.configuration(root)), Configuration(False, None, None))
        modules = Modules(self._run, said.nvidia_is, root)
        found = [self._on_disk(modules, release) for release in kernels.releases]
        secure_boot = self.guarded("secure_boot", lambda: secureboot.read(root), system.UNKNOWN)
        return _Disk(
            kernels,
            [module for module in found if module],
            said,
            self.guarded("nouveau", lambda: Reading(modules.has_nouveau(kernels.newest)), False),
            _is_rebuilt(driver_kernels.initramfs_time(kernels.newest, root), said.blacklisted_since),
            secure_boot,
            self._mok_enrolled() if secure_boot in (system.ENABLED, system.DISABLED) else None,
            self.guarded("firmware", lambda: Reading(driver_firmware.gsp(kernels.releases, root)), None),
        )

    def _on_disk(self, modules: Modules, release: str) -> Optional[Tuple[OnDisk, Optional[str]]]:
        module: Optional[Tuple[OnDisk, Optional[str]]]
        module = self.guarded("on_disk " + release, lambda: modules.nvidia(release), None)
        return module

    def _mok_enrolled(self) -> Optional[bool]:
        enrolled: Optional[bool] = self.guarded("mok", lambda: loading.mok_enrolled(self._run, self._root), None)
        return enrolled


def _state(running: _Running, disk: _Disk, installed: _Installed, root: str) -> State:
    kernels = disk.kernels
    return State(
        running=os.uname().release,
        kernels=kernels.releases,
        newest=kernels.newest,
        on_disk=tuple(module for module, _signer in disk.modules),
        without_headers=tuple(release for release in kernels.releases if not kernels.headers[release]),
        loaded=running.loaded,
        loaded_flavour=running.flavour,
        user_space=running.user_space,
        nvml_status=running.nvml_status,
        incomplete=tuple(package.name for package in installed.packages if not package.complete),
        dkms=tuple(installed.dkms),
        secure_boot=disk.secure_boot,
        mok_enrolled=disk.mok_enrolled,
        nouveau_loaded=loading.nouveau_loaded(root),
        nouveau_blacklisted=disk.configuration.nouveau_blacklisted,
        nouveau_available=disk.has_nouveau,
        initramfs_rebuilt=disk.initramfs_rebuilt,
        blockers=tuple(holder.label for holder in running.holders if holder.blocks),
        cards=tuple(running.cards),
        fabric=installed.fabric,
        installed_by=running.installed_by,
        firmware=disk.firmware,
        jetson=any(os.path.exists(os.path.join(root, name)) for name in _JETSON),
    )


def _told(state: State, running: _Running, disk: _Disk, installed: _Installed) -> Dict[str, Any]:
    judged = verdict(state)
    return {
        "verdict": judged.verdict,
        "reasons": list(judged.reasons),
        "fix": judged.fix,
        "packages": [asdict(package) for package in installed.packages],
        "held_by_role": installed.held_by_role,
        "services": installed.services,
        "fabric_manager": asdict(installed.fabric) if installed.fabric else None,
        "loaded": {"version": state.loaded, "flavour": state.loaded_flavour} if state.loaded else None,
        "on_disk": [_module(state, module, signer) for module, signer in disk.modules],
        "kernel": {"running": state.running, "newest": state.newest, "headers": disk.kernels.headers},
        "user_space": state.user_space,
        "installed_by": state.installed_by,
        "nvml_status": state.nvml_status,
        "dkms": [asdict(line) for line in installed.dkms],
        "secure_boot": state.secure_boot,
        "mok": {"enrolled": state.mok_enrolled},
        "nouveau": {
            "loaded": state.nouveau_loaded,
            "blacklisted": state.nouveau_blacklisted,
            "available": state.nouveau_available,
            "initramfs_rebuilt": state.initramfs_rebuilt,
        },
        "holders": [asdict(holder) for holder in running.holders],
        "gpus": [dict(card.gpu._asdict(), driver=card.driver) for card in state.cards],
    }


def _module(state: State, module: OnDisk, signer: Optional[str]) -> Dict[str, Any]:
    where = {"running": module.kernel == state.running, "newest": module.kernel == state.newest}
    return dict(asdict(module), signer=signer, **where)


def _is_gpu(device: Device) -> bool:
    # virtual functions come with the driver, and go with it
    return pci.kind(device) == pci.GPU and device.physical_function is None


def _card(device: Device, known: Sequence[Dict[str, Any]], missing: Sequence[str]) -> Card:
    """NVML knows cards that are newer than this collection."""
    nvml = next((gpu for gpu in known if gpu["pci_bus_id"] == device.pci_bus_id), {})
    architecture = support.architecture(device.device_id) or _word(nvml.get("architecture"))
    name = support.name(device.device_id) or nvml.get("name")
    gpu = Gpu(device.pci_bus_id, device.device_id, architecture, name)
    return Card(gpu, device.driver, device.pci_bus_id not in missing)


def _word(architecture: Optional[str]) -> Optional[str]:
    # a number is what is told of an architecture without a word
    return architecture if architecture and lines.as_int(architecture) is None else None


def _is_rebuilt(made: Optional[float], blacklisted: Optional[float]) -> Optional[bool]:
    return None if made is None or blacklisted is None else made >= blacklisted


def _words(root: str, path: str) -> Reading:
    return Reading((files.read_text(os.path.join(root, path.lstrip("/"))) or "").split())
