# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""jetpack does what check mode says, with its power mode, clocks and fan, and however many reboots lie between."""

from __future__ import annotations

import random
from types import SimpleNamespace

from ansible_collections.edgesite.gpu.plugins.module_utils.boot.host import unit as boot_backend
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import command
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import clocks, fan, jetpack_actions, nvpmodel
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.host import clocks as clocks_backend
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.host import fan as fan_backend
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.host import jetpack as jetpack_facts
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.host import nvpmodel as nvpmodel_backend
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.host import nvpmodel_note
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.host.jetpack_domains import Power
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.fake_host import Package
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.jetson.host.jetson_host import (
    DOCKER,
    L4T,
    NEW,
    JetsonHost,
)
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.jetson.host.test_power import ASKED, CLOCKS, CONF
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.plan_is_run import Task, same
from ansible_collections.edgesite.gpu.tests.unit.shapes import text_of

DRIFTS = 120
IDS = {"MAXN": 0, "50W": 3, "15W": 4}
RUN = "/run/edgesite-gpu"


class Board(JetsonHost):
    """A Jetson with its board's programs. mode: the id in force. locked: the clocks. drives: the fan's daemon runs."""

    def __init__(self):
        super().__init__()
        self.files[nvpmodel_backend.CONF] = CONF
        self.files[nvpmodel_backend.STATUS] = "pmode:0003"
        self.files[fan_backend.CONF] = text_of("jetson", "nvfancontrol_conf/orin-nano")
        self.mode, self.locked, self.enabled = 3, False, set()
        self.drive()

    def patch(self, monkeypatch):
        super().patch(monkeypatch)
        monkeypatch.setattr(command, "find", lambda name: "/usr/bin/" + name)
        monkeypatch.setattr(boot_backend, "is_enabled", self.enabled.__contains__)
        monkeypatch.setattr(clocks_backend, "stored", lambda: self.files.get(clocks.STORE) is not None)
        monkeypatch.setattr(clocks_backend.os, "makedirs", lambda path, exist_ok: None)
        monkeypatch.setattr(nvpmodel_note, "files", SimpleNamespace(read_text=lambda path: self.files.get(path)))
        monkeypatch.setattr(nvpmodel_backend.jetson_files, "soc", lambda: "tegra234")
        return self

    def unconfigured(self):
        return None if "nvidia-container-runtime" in (self.files.get(DOCKER) or "") else "docker"

    def drive(self):
        """The daemon starts, with what it remembers."""
        self.drives = True
        if self.files.get(fan_backend.STATUS) is None:
            self.cool_by(fan.parse_conf(self.files[fan_backend.CONF])[0].default)

    def cool_by(self, profile):
        self.files[fan_backend.STATUS] = "FAN1:FAN_PROFILE:{0}\n".format(profile)

    def boot(self):
        super().boot()
        for path in [path for path in self.files if path.startswith(RUN)]:
            del self.files[path]
        self.mode = int(self.files[nvpmodel_backend.STATUS][6:10])
        self.locked = clocks.UNIT in self.enabled
        if self.locked:
            self.files[clocks.STORE] = "stored"
        self.drive()

    def run(self, argv, data=None, timeout=15.0, environment=None, heard=None):
        if argv[0].endswith("/nvpmodel") and argv[1] == "-m":
            return self._set(int(argv[2]))
        return super().run(argv, data, timeout, environment, heard)

    def _set(self, mode):
        if (mode == 4) is not (self.mode == 4):
            return command.Result(234, ASKED, "")
        self.mode, self.files[nvpmodel_backend.STATUS] = mode, "pmode:{0:04d}".format(mode)
        return command.Result(0, b"", "")

    def _jetson_clocks(self, words):
        if words == ["--show"]:
            return text_of("jetson", "jetson_clocks/" + CLOCKS["locked" if self.locked else "free"])
        if words[:1] == ["--store"]:
            self.files[words[1]] = "stored"
        else:
            self.locked = words[:1] != ["--restore"]
        return True

    def _nvfancontrol(self, _words):
        return self.files[fan_backend.STATUS]

    def _systemctl(self, words):
        verb, unit = words[0], words[-1]
        if verb == "is-active":
            return "active" if self.drives else "inactive"
        if verb == "is-failed":
            return False
        if verb in ("enable", "disable"):
            (self.enabled.add if verb == "enable" else self.enabled.discard)(unit)
            return True
        if unit == fan.DAEMON:
            self.drives = False
            if verb != "stop":
                self.drive()
            return True
        return super()._systemctl(words)


def drift(chance, host):
    """What somebody did to a Jetson."""
    for change in chance.sample(
        [
            lambda: host.held.clear(),
            lambda: host.files.update({DOCKER: None}),
            lambda: host.files.update({jetpack_actions.RELOAD: "docker"}),
            lambda: setattr(host, "cdi_of", None),
            lambda: setattr(host, "locked", not host.locked),
            lambda: host.enabled.clear(),
            lambda: host.cool_by(chance.choice(["quiet", "cool"])),
            lambda: setattr(host, "drives", False),
            lambda: host.packages.update({"tensorrt": Package("10.3", complete=False)}),
            lambda: host.packages.update({name: Package(NEW) for name in L4T}),
            lambda: host.converge(power=Power(nvpmodel.Wanted("15W"))),
        ],
        chance.randint(0, 3),
    ):
        change()


def wish(chance, upgrade):
    packages = ("nvidia-jetpack",) if chance.random() < 0.5 else ()
    power = Power(
        nvpmodel.Wanted(chance.choice(["", *IDS])),
        chance.choice(["", "locked", "restored"]),
        False,
        fan.Wanted(chance.choice(["", "quiet", "cool"])),
    )
    release = {"version": "6.2.2", "upgrade": "minor"} if upgrade else {}
    return {**release, "packages": packages, "hold": chance.random() < 0.8, "power": power}


def task(host, reboots, wanted):
    def run(check):
        def module(_check):
            return host.converge(check=check, reboots=reboots, **wanted)

        return Task(module, host.boot, check, allow_reboot=reboots).result()

    return run


def test_check_mode_says_what_a_run_does(monkeypatch):
    acted = 0
    for number in range(DRIFTS):
        chance = random.Random(number)
        host = Board().patch(monkeypatch)
        host.toolkit = chance.random() < 0.7
        monkeypatch.setattr(jetpack_facts, "unconfigured", host.unconfigured)
        if chance.random() < 0.7:
            host.converge(**wish(chance, False))
        drift(chance, host)
        reboots, wanted = chance.random() < 0.6, wish(chance, chance.random() < 0.5)
        acted += bool(same(task(host, reboots, wanted)))
    assert acted > DRIFTS // 2
