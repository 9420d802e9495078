# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in memory with a card, and what nvidia_driver_info tells of it."""

from __future__ import annotations

from dataclasses import asdict

from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import apt, dnf
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.packages import Patience
from ansible_collections.edgesite.gpu.plugins.module_utils.converge import unheard
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import files, parts
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.host import domains
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.host.install import AptManager, DnfManager
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.host.look import Look
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.host.removal import RemovalDomain
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.options import options
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.packages import System
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.plan import Situation
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.state import Card, Fabric, OnDisk, State
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.support import Gpu
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.verdict import verdict
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.versions import driver_version
from ansible_collections.edgesite.gpu.plugins.module_utils.outcome import run_all
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.driver.cases import KEY, mirror
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.fake_host import FakeHost

KERNEL = "6.12.48+deb13-amd64"
CARD = Gpu("0000:01:00.0", "1eb8", "turing", "Tesla T4")
VERSIONS = ("550.163.01", "535.261.03")
DEB = ("nvidia-kernel-dkms", "nvidia-smi", "libnvidia-ml1", "libcuda1", "nvidia-persistenced")
RPM = ("kmod-nvidia-latest-dkms", "nvidia-driver-cuda", "nvidia-persistenced")
SYSTEMS = {"apt": System("debian", "13", "x86_64"), "dnf": System("rhel", "9", "x86_64")}


class DriverHost(FakeHost):
    """busy: programs that hold the loaded driver. starting: packages start the service that they bring.

    nouveau: it has the card.
    """

    def __init__(self, manager="apt"):
        names = DEB if manager == "apt" else RPM
        form = "{0}-1" if manager == "apt" else "3:{0}-1.el9"
        super().__init__({name: [form.format(version) for version in VERSIONS] for name in names}, manager)
        self.on = SYSTEMS[manager]
        self.kernel_package, self.library_package = names[0], names[2] if manager == "apt" else names[1]
        self.loaded_version = None
        self.busy = ()
        self.starting = False
        self.nouveau = False
        self.key = KEY
        self.nvswitch = False

    def has_modules(self):
        return self.version_of(self.kernel_package) is not None

    def changed_modules(self, removed):
        self.loaded_version = None if removed else self.version_of(self.kernel_package)

    def _start(self, unit):
        # A unit goes with its package.
        if self._service(unit.rpartition(".")[0]) != parts.ABSENT:
            super()._start(unit)

    def install(self, wanted, remove=()):
        added = [name + ".service" for name in wanted if name in parts.SERVICES and name not in self.packages]
        done = super().install(wanted, remove)
        if done and self.starting:
            for unit in added:
                super()._start(unit)
        return done

    def boot(self):
        """A reboot: the module on disk is loaded, and services that start with the host run."""
        self.nouveau = self.nouveau and not self._rebuilt()
        self.loaded_version = None if self.nouveau else self.version_of(self.kernel_package)
        self.loaded = {"nvidia", "nvidia_uvm"} if self.loaded_version else set()
        enabled = {path.rpartition("/")[2] for path, target in self.links.items() if target}
        self.units = dict.fromkeys(self.units, False)
        for unit in enabled - self.masked:
            self._start(unit)

    def version_of(self, name):
        package = self.packages.get(name)
        return driver_version(package.version) if package and package.complete else None

    def info(self):
        on_disk, library = self.version_of(self.kernel_package), self.version_of(self.library_package)
        modules = (OnDisk(KERNEL, on_disk, "proprietary"),) if on_disk else ()
        state = State(
            running=KERNEL,
            kernels=(KERNEL,),
            newest=KERNEL,
            on_disk=modules,
            loaded=self.loaded_version,
            user_space=library,
            incomplete=tuple(name for name, package in self.packages.items() if not package.complete),
            blockers=self.busy if self.loaded_version else (),
            fabric=self._fabric(),
            nouveau_loaded=self.nouveau,
            nouveau_blacklisted=self.files.get(files.NOUVEAU) is not None,
            initramfs_rebuilt=self._rebuilt(),
            cards=(Card(CARD, self._driver()),),
        )
        judged = verdict(state)
        return {
            "verdict": judged.verdict,
            "reasons": list(judged.reasons),
            "fix": judged.fix,
            "packages": [
                {
                    "name": name,
                    "version": package.version.rpartition(":")[2],
                    "held": name in self.held,
                    "complete": package.complete,
                }
                for name, package in sorted(self.packages.items())
                if name in self.offered
            ],
            "held_by_role": (self.files.get(files.HOLDS) or "").split(),
            "services": {name: self._service(name) for name in parts.SERVICES},
            "fabric_manager": asdict(self._fabric()) if self.nvswitch else None,
            "loaded": {"version": self.loaded_version, "flavour": "proprietary"} if self.loaded_version else None,
            "on_disk": [
                {"kernel": KERNEL, "running": True, "newest": True, "version": on_disk, "flavour": "proprietary"}
                for _module in modules
            ],
            "kernel": {"running": KERNEL, "newest": KERNEL, "headers": {KERNEL: True}},
            "user_space": library,
            "nvml_status": "ok",
            "secure_boot": "disabled",
            "mok": {"enrolled": None},
            "nouveau": {
                "loaded": self.nouveau,
                "blacklisted": self.files.get(files.NOUVEAU) is not None,
                "initramfs_rebuilt": self._rebuilt(),
            },
            "holders": [{"name": name, "pid": 1, "kind": "module"} for name in self.loaded]
            + [{"name": name, "pid": 7, "kind": "process", "blocks": True} for name in self.busy],
            "gpus": [{**CARD._asdict(), "driver": self._driver()}],
            "unread": [],
        }

    def _driver(self):
        return "nouveau" if self.nouveau else "nvidia" if self.loaded_version else None

    def _rebuilt(self):
        return bool(self.initramfs_made) if self.files.get(files.NOUVEAU) else None

    def _fabric(self):
        if not self.nvswitch:
            return None
        version = self.version_of("nvidia-fabricmanager-535")
        return Fabric(bool(version), version, bool(self.units.get("nvidia-fabricmanager.service")))

    def _service(self, name):
        unit = name + ".service"
        if unit in self.masked:
            return parts.MASKED
        if not any(package.startswith(name) for package in self.packages):
            return parts.ABSENT
        return parts.RUNNING if self.units.get(unit) else parts.STOPPED

    def converge(self, check=False, **wanted):
        """What the module returns."""
        want = options(
            {
                "source": "mirror",
                "mirror": mirror(layout="distribution" if self.manager == "apt" else "nvidia"),
                **wanted,
            }
        )
        return run_all(lambda: self._domains(want, check), check, 0)

    def remove(self, check=False, allow_reboot=False):
        """What the module returns for state: absent."""
        return run_all(lambda: [RemovalDomain(_Look(self), self._manager("mirror")[0], allow_reboot)], check, 0)

    def _manager(self, source):
        patience = Patience(60.0, "driver_package_timeout", 0.0, "driver_lock_timeout")
        if self.manager == "apt":
            backend = apt.Apt(self.run, unheard, patience)
            return AptManager(backend, source), backend.components
        return DnfManager(dnf.Dnf(self.run, unheard, patience)), dict

    def _domains(self, want, check):
        manager, components = self._manager(want.source)
        return domains.domains(_Look(self), want, manager, lambda _url: self.key, components, check)


class _Look(Look):
    def __init__(self, host):
        super().__init__(host.run, None)
        self._host = host

    def now(self):
        if self._seen is not None:
            return self._seen
        host = self._host
        self._seen = Situation(
            host.info(),
            host.on,
            {path: host.files.get(path) for path in files.paths()},
            {path: host.links.get(path) for path in files.links()},
        )
        return self._seen
