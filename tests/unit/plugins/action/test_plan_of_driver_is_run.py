# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nvidia_driver does what check mode says, with users of the driver and without, with leave to reboot and without."""

from __future__ import annotations

import random

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import files
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.driver.host.driver_host import DriverHost
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.fake_host import Package
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.plan_is_run import Task, listed, same

DRIFTS = 80
UNIT = "nvidia-persistenced.service"


def task(host, reboots, **wanted):
    def run(check):
        def module(_check):
            return host.converge(check=check, allow_reboot=reboots, **wanted)

        return Task(module, lambda: boot(host), check, allow_reboot=reboots).result()

    return run


def boot(host):
    host.busy = ()
    host.boot()


def drift(chance, host):
    """What somebody did to a host that has a driver."""
    name = chance.choice(sorted(host.packages))
    there = [path for path, text in host.files.items() if text is not None and path != files.DNF_STREAM]
    some_file = chance.choice(there)
    for change in chance.sample(
        [
            lambda: lose(host, name),
            lambda: host.held.clear(),
            lambda: host.held.discard(name),
            lambda: host.files.__setitem__(some_file, "# by hand\n"),
            lambda: host.files.__setitem__(some_file, None),
            lambda: host.units.__setitem__(UNIT, False),
            lambda: host.masked.add(UNIT),
            lambda: host.links.clear(),
            lambda: unload(host),
            lambda: break_off(host, name),
        ],
        chance.randint(0, 3),
    ):
        change()
    host.busy = ("python",) if host.loaded_version and chance.random() < 0.4 else ()


def unload(host):
    host.units[UNIT] = False
    host.loaded, host.loaded_version = set(), None


def lose(host, name):
    host.packages.pop(name)
    host.held.discard(name)
    host.units[name + ".service"] = False


def break_off(host, name):
    """An installation; rpm knows no package that is half there."""
    if name in host.packages and host.manager == "apt":
        host.packages[name] = Package(host.packages[name].version, complete=False)


@pytest.mark.parametrize("manager", ["apt", "dnf"])
def test_check_mode_says_what_a_run_does(manager, monkeypatch):
    acted = 0
    for number in range(DRIFTS):
        chance = random.Random(f"{manager} {number}")
        host = DriverHost(manager).patch(monkeypatch)
        host.starting = chance.random() < 0.5
        if chance.random() < 0.8:
            listed(host.converge(branch=chance.choice(["535", "550"])))
            drift(chance, host)
        else:
            host.nouveau = chance.random() < 0.5
        reboots = chance.random() < 0.5
        driver = chance.choice([{"branch": "535"}, {"branch": "550"}, {"version": "550.163.01"}])
        wanted = {
            **driver,
            "hold": chance.random() < 0.8,
            "persistenced": chance.random() < 0.8,
            "while_used": not reboots,
        }
        acted += bool(same(task(host, reboots, **wanted)))
    assert acted > DRIFTS // 2


@pytest.mark.parametrize("manager", ["apt", "dnf"])
@pytest.mark.parametrize("busy", [(), ("python",)])
def test_a_removal_is_what_check_mode_says(manager, busy, monkeypatch):
    host = DriverHost(manager).patch(monkeypatch)
    listed(host.converge(branch="535"))
    host.busy = busy

    def run(check):
        return Task(lambda check: host.remove(check, True), lambda: boot(host), check, allow_reboot=True).result()

    assert same(run)
