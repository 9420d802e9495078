# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Jetson in memory, and what jetpack_info tells of it."""

from __future__ import annotations

from dataclasses import asdict

from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import apt
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.packages import Patience
from ansible_collections.edgesite.gpu.plugins.module_utils.converge import unheard
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import board, jetpack, jetpack_actions
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.host import jetpack as jetpack_facts
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.host import jetpack_domains
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.host.jetpack_domains import Look, Power
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.jetpack_plan import Wanted
from ansible_collections.edgesite.gpu.plugins.module_utils.outcome import run_all
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.fake_host import FakeHost, Package

OLD, NEW = "36.4.7-20250918154033", "36.5.0-20260115194252"
L4T = ("nvidia-l4t-core", "nvidia-l4t-bootloader", "nvidia-l4t-kernel")
NO_POWER = Power()
DOCKER = "/etc/docker/daemon.json"


class JetsonHost(FakeHost):
    """JetPack 6.2.1, with docker. offered is what the suite r36.5 has, once the sources name it."""

    def __init__(self):
        super().__init__(
            {**{name: [NEW] for name in L4T}, "nvidia-jetpack": ["6.2.2+b1"], "tensorrt": ["10.3"], "bash": ["5.2"]}
        )
        self.packages = {**{name: Package(OLD) for name in L4T}, "bash": Package("5.1")}
        self.files[jetpack.SOURCES] = jetpack.with_suite("", "r36.4", "tegra234")
        self.booted = OLD
        self.toolkit = True
        self.cdi_of = None
        self.docker_has_read = None
        self.units["docker.service"] = True

    def patch(self, monkeypatch):
        monkeypatch.setattr(jetpack_facts, "free", lambda: 2**40)
        return super().patch(monkeypatch)

    def state(self):
        return (*super().state(), self.cdi_of, self.docker_has_read)

    def boot(self):
        self.booted = self._core()
        self.files.pop(jetpack_actions.RELOAD, None)
        self.docker_has_read = self.files.get(DOCKER)

    def _core(self):
        return self.packages["nvidia-l4t-core"].version

    def has_toolkit(self):
        """nvidia-jetpack depends on it, and without that it may be there too."""
        return self.toolkit or "nvidia-jetpack" in self.packages

    def _apt_get(self, words):
        if "--assume-no" in words and "nvidia-jetpack" in words:
            new = "The following NEW packages will be installed:\n  nvidia-container-toolkit nvidia-jetpack\n"
            return new + super()._apt_get(words)
        return super()._apt_get(words)

    def _nvidia_ctk(self, words):
        if words[0] == "cdi":
            return self.step("nvidia-ctk cdi", lambda: setattr(self, "cdi_of", self._core()))
        text = '{"runtimes": {"nvidia": {"path": "nvidia-container-runtime"}}}'
        return self.step("nvidia-ctk runtime", lambda: self.files.__setitem__(DOCKER, text))

    def _systemctl(self, words):
        if words[0] == "try-reload-or-restart":
            return self.step("reload docker", lambda: setattr(self, "docker_has_read", self.files.get(DOCKER)))
        return super()._systemctl(words)

    def info(self):
        l4t = board.parse_package_version(self._core())
        text = self.files.get(jetpack.SOURCES)
        sources = jetpack.parse_sources(text or "")
        knows = "nvidia-container-runtime" in (self.files.get(DOCKER) or "")
        return {
            "l4t": asdict(l4t),
            "jetpack": board.jetpack(l4t),
            "soc": "tegra234",
            "unknown_board": None,
            "installed": {name: package.version for name, package in self.packages.items() if package.complete},
            "packages": {"container_toolkit": "1.14.2-1"},
            "held": sorted(self.held),
            "held_by_role": (self.files.get(jetpack_actions.HOLDS) or "").split(),
            "broken": [name for name, package in self.packages.items() if not package.complete],
            "apt": {"text": text, "suite": sources[0]["suite"], "locked_by": []},
            "slots": {"current": "A", "version": l4t.version, "capsule_status": 1},
            "container_toolkit": {
                "installed": self.has_toolkit(),
                "cdi_stale": self.has_toolkit() and self.cdi_of != self._core(),
                "unconfigured": None if knows or not self.has_toolkit() else "docker",
            },
            "disk_free_bytes": 2**40,
            "reboot_required": self.booted != self._core(),
        }

    def converge(self, check=False, reboots=False, power=NO_POWER, **wanted):
        """What the module returns."""
        patience = Patience(60.0, "jetpack_apt_timeout", 0.0, "jetpack_lock_timeout")
        backend = apt.Apt(self.run, unheard, patience)
        look = _Look(self)
        return run_all(
            lambda: jetpack_domains.domains(look, backend, Wanted(**wanted), power, reboots, check), check, 0
        )


class _Look(Look):
    def __init__(self, host):
        super().__init__(host.run)
        self._host = host

    def now(self):
        return self._host.info()
