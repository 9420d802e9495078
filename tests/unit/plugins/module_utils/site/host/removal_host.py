# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in memory that has every layer, and things of others in the same places."""

from __future__ import annotations

import contextlib
import fnmatch
import glob
import json
import os

from ansible_collections.edgesite.gpu.plugins.module_utils.boot import unit as boot
from ansible_collections.edgesite.gpu.plugins.module_utils.boot.host import tools as tools_backend
from ansible_collections.edgesite.gpu.plugins.module_utils.boot.tools import State as ToolsState
from ansible_collections.edgesite.gpu.plugins.module_utils.common import effects, footprint
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import files as host_files
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import folders, job, run_lock, units
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import footprint as host_footprint
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.footprint import Look
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.packages import Patience
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import files as driver_files
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.host import installed
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import changed as gpu_changed
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.changed import Entry
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import changed, locked_clocks
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import clocks, jetpack_actions
from ansible_collections.edgesite.gpu.plugins.module_utils.outcome import run_all
from ansible_collections.edgesite.gpu.plugins.module_utils.site.host.removal_domain import LAYERS, domains
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.plan import CRYPTTAB_END
from ansible_collections.edgesite.gpu.plugins.module_utils.tls import options as tls_options
from ansible_collections.edgesite.gpu.plugins.module_utils.tls import services as tls_services
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.fake_host import FakeHost, Package

IDENTITY, TLS = "/etc/edgesite-gpu/identity", "/etc/edgesite-gpu/tls"
DRIVER, L4T = ("libcuda1", "nvidia-smi"), ("nvidia-l4t-core",)
SETTINGS = [{"gpus": "all", "power_limit": "300", "gpu_clocks": {"min": 900, "max": 900}}]
LAYOUTS = [{"gpus": "all", "mig": "enabled", "instances": {"1g.5gb": 7}}]
NOTE_OF_CHANGES = gpu_changed.text({"GPU-1": {"power_limit": Entry(350000, (300000,))}})
PROXY = "edgesite-tls-proxy@node.service"
VOLUME = ("models", "UUID=7e57", *CRYPTTAB_END)
PROGRAM = "/usr/bin/jetson_clocks"


class RemovalHost(FakeHost):
    """jetson: it is one. tools: the version of the host tools, None for none."""

    def __init__(self, manager="apt"):
        super().__init__(manager=manager)
        self.folders = set()
        self.tools = None
        self.mine()

    def patch(self, monkeypatch):
        """See FakeHost.patch."""
        super().patch(monkeypatch)
        monkeypatch.setattr(folders, "inside", self._inside)
        monkeypatch.setattr(folders, "remove", self._remove_folder)
        monkeypatch.setattr(folders, "make", self.folders.add)
        monkeypatch.setattr(host_files, "names", self._names)
        monkeypatch.setattr(glob, "glob", lambda pattern: fnmatch.filter(sorted(self._there()), pattern))
        monkeypatch.setattr(host_footprint, "is_apt", lambda: self.manager == "apt")
        monkeypatch.setattr(installed.os.path, "exists", self._exists(os.path.exists))
        monkeypatch.setattr(run_lock, "held", lambda *_arguments: contextlib.nullcontext())
        monkeypatch.setattr(job, "shut_out", lambda _name: contextlib.nullcontext())
        monkeypatch.setattr(tools_backend, "observe", lambda: ToolsState({}, self.tools, self.tools is not None))
        monkeypatch.setattr(tools_backend, "remove", self._remove_tools)
        monkeypatch.setattr(host_files, "read_text", self._locks)
        return self

    def state(self):
        return (*super().state(), set(self.folders), self.tools)

    # --- what is on it

    def mine(self):
        """Before anything of the collection came."""
        self.put("/etc/fstab", "/dev/sda1\t/\text4\tdefaults\t0\t1\n")
        self.put("/etc/systemd/system/nginx.service.d/mine.conf", "[Service]\nNice=5\n")
        self.put("/etc/apt/sources.list", "deb http://deb.debian.org/debian trixie main\n")
        for name in (*DRIVER, *L4T, "bash", "nvidia-kernel-dkms"):
            self.packages[name] = Package("1")
        if self.manager == "dnf":
            self.packages["python3-dnf-plugin-versionlock"] = Package("1")
        self.held = {"bash", "nvidia-kernel-dkms"}
        self.units = {"nginx.service": True, "dcgm.service": False}

    def converge(self):
        """All layers, as their own code writes what they have; a broken off run left a service stopped."""
        self._boot_unit(boot.wanted("settings", "Settings", "/usr/bin/python3", {"settings": SETTINGS}))
        self._boot_unit(boot.wanted("mig", "MIG", "/usr/bin/python3", {"mig": LAYOUTS, "quiesce": []}))
        self._boot_unit(clocks.boot_unit(PROGRAM, True))
        self.put(units.RECORD, json.dumps(["dcgm.service", "edgesite-gpu-settings.service"]) + "\n")
        self.put(locked_clocks.PATH, json.dumps({"module": None, "locked": {"GPU-1": {"gpu_clocks": [900, 900]}}}))
        self.put(changed.SETTINGS, NOTE_OF_CHANGES)
        self.put(changed.MIG, gpu_changed.text({"GPU-1": {"mig": Entry(False, (True,))}}))
        self._driver()
        self._tls()
        self.put(jetpack_actions.HOLDS, "nvidia-l4t-core\n")
        self.held |= {*DRIVER, *L4T}
        self.put(IDENTITY + "/a/key.pem", "a key")
        self.put(effects.CRYPTTAB, "\t".join(VOLUME) + "\n")
        self.put(effects.FSTAB, self.files[effects.FSTAB] + "/dev/mapper/models\t/srv/models\text4\tnofail\t0\t2\n")
        self.tools = "7f7b0fe3b1c2a4d5"
        return self

    def _boot_unit(self, unit):
        for path, text in unit.files.items():
            self.put(path, text)
        self._enable(unit.unit)

    def _enable(self, name):
        self.links[footprint.start_link(name)] = "/etc/systemd/system/" + name
        self.units[name] = True

    def _driver(self):
        apt = {driver_files.APT_PIN, driver_files.UNATTENDED, driver_files.APT_SOURCE}
        dnf = {driver_files.DNF_REPOSITORY}
        for path in {*(apt if self.manager == "apt" else dnf), driver_files.PERSISTENCED_DROP_IN, driver_files.NOUVEAU}:
            self.put(path, "# Written by edgesite.gpu.nvidia_driver\nsomething\n")
        self.put(driver_files.APT_KEY if self.manager == "apt" else driver_files.DNF_KEY, "a key")
        self.put(driver_files.HOLDS, "".join(name + "\n" for name in (*DRIVER, "gone-since")))
        self.links[driver_files.links()[0]] = "/lib/systemd/system/nvidia-persistenced.service"

    def _tls(self):
        wish = tls_options.wanted(
            *(TLS, IDENTITY, "device:/dev/tpmrm0", "tss"),
            [{"unit": "nginx.service"}, {"unit": "mosquitto.service"}],
            [{"name": "node", "listen": "0.0.0.0:9443", "upstream": "127.0.0.1:9100"}],
        )
        for path, text in tls_services.files(wish, tls_services.Software(True, False, True, True)).items():
            self.put(path, text)
        self.links.update(tls_services.links(wish))
        self._enable(PROXY)

    def put(self, path, text):
        """A file, with its folder."""
        self.files[path] = text
        self.folders.add(os.path.dirname(path))

    # --- the removal

    def remove(self, check=False, layers=tuple(LAYERS)):
        """What the module returns."""
        patience = Patience(60.0, "package_timeout", 0.0, "lock_timeout")
        return run_all(lambda: domains(Look(self.run, IDENTITY, TLS), layers, patience), check, 0)

    def _there(self):
        return [path for place in (self.files, self.links) for path, what in place.items() if what is not None]

    def _names(self, folder):
        paths = [*self._there(), *self.folders]
        return {path[len(folder) + 1 :].split("/")[0] for path in paths if path.startswith(folder + "/")}

    def _inside(self, paths):
        return {path: tuple(sorted(self._names(path))) for path in paths if path in self.folders}

    def _remove_folder(self, path):
        if not self.step("rmdir " + path, lambda: self._rmdir(path)):
            raise EdgesiteError(f"cannot remove {path}: Input/output error", "Look at dmesg")

    def _rmdir(self, path):
        assert not self._names(path), path
        self.folders.discard(path)

    def _remove_tools(self):
        if not self.step("remove the host tools", lambda: setattr(self, "tools", None)):
            raise EdgesiteError("cannot remove the host tools: Input/output error", "Look at dmesg")

    def _exists(self, real):
        return lambda path: self.manager == "apt" if path == "/var/lib/dpkg/status" else real(path)

    def _locks(self, path, _limit=-1):
        return "".join(f"{name}-0:1-1.*\n" for name in sorted(self.held)) if path.endswith("versionlock.list") else None

    # --- programs

    def _systemctl(self, words):
        if words[0] == "is-active":
            return "".join("active\n" if self.units.get(unit) else "inactive\n" for unit in words[1:])
        return super()._systemctl(words)

    def _dpkg_query(self, words):
        form, names = words[2], words[3:]
        lines = []
        for name, package in sorted(self.packages.items()):
            wanted = "hold" if name in self.held else "install"
            values = {
                "${db:Status-Abbrev}": wanted[0] + "i ",
                "${db:Status-Status}": "installed",
                "${db:Status-Want}": wanted,
                "${Package}": name,
                "${Version}": package.version,
            }
            if not names or any(fnmatch.fnmatchcase(name, pattern) for pattern in names):
                line = form
                for key, value in values.items():
                    line = line.replace(key, value)
                lines.append(line)
        return "".join(lines)

    def _rpm(self, words):
        names = [word for word in words[1:] if word != "--qf" and "%" not in word]
        form = next(word for word in words if "%" in word)
        found = [name for name in sorted(self.packages) if any(fnmatch.fnmatchcase(name, one) for one in names)]
        return "".join(form.replace("%{NAME}", name).replace("%{VERSION}-%{RELEASE}", "1-1") for name in found)
