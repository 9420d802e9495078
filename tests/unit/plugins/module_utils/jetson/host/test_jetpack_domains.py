# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""jetpack on a Jetson in memory: an upgrade, packages and holds, with whatever goes wrong."""

from __future__ import annotations

import contextlib
import copy

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import fan, jetpack, jetpack_actions, nvpmodel
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.host import jetpack_domains
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.jetpack_plan import Wanted
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.fake_host import FAIL, WAYS, Killed
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.jetson.host.jetson_host import (
    L4T,
    NEW,
    OLD,
    JetsonHost,
)

KEPT = {"version": "6.2.1", "hold": True}
UPGRADE = {"version": "6.2.2", "upgrade": "minor", "hold": True, "packages": ("nvidia-jetpack",)}


@pytest.fixture
def host(monkeypatch):
    return JetsonHost().patch(monkeypatch)


def prepared(monkeypatch):
    """As an earlier run left it."""
    host = JetsonHost().patch(monkeypatch)
    host.converge(**KEPT)
    host.undisturbed()
    return host


def does(result):
    assert not result.get("failed"), result
    return [action["does"] for action in result["actions"]]


def test_release_that_is_there_is_held_and_containers_get_its_files(host):
    assert does(host.converge(**KEPT)) == [
        "hold the packages of L4T and JetPack",
        "write the CDI file for this L4T release",
    ]
    assert host.held == set(L4T) and host.docker_has_read is None
    assert does(host.converge(**KEPT)) == []


@pytest.mark.parametrize("reboots", [True, False])
def test_what_waits_for_the_reboot_of_an_upgrade_says_so_before(host, reboots):
    actions = host.converge(check=True, reboots=reboots, **UPGRADE)["actions"]
    after = "reboot" if reboots else None
    assert [(action["does"].split()[0], action["disruption"], action.get("after")) for action in actions] == [
        ("use", "none", None),
        ("upgrade", "reboot", None),
        ("hold", "none", None),
        ("add", "none", after),
        ("write", "none", after),
    ]


@pytest.mark.parametrize("reboots", [True, False])
def test_power_waits_for_the_reboot_of_an_upgrade_where_there_may_be_one(monkeypatch, reboots):
    monkeypatch.setattr(jetpack_domains, "program", lambda: "/usr/bin/jetson_clocks")
    monkeypatch.setattr(jetpack_domains.NvpmodelDomain, "waits", lambda _domain: False)
    look = jetpack_domains.Look(None)
    monkeypatch.setattr(look, "now", lambda: {"reboot_required": False})
    power = jetpack_domains.Power(nvpmodel.Wanted("7W"), "locked", False, fan.Wanted("cool"))
    found = list(jetpack_domains.domains(look, None, Wanted(), power, reboots, False))
    assert [domain.after_reboot for domain in found] == [False, False, *[reboots] * 4]


def test_upgrade_with_its_bootloader_and_what_comes_after_the_boot(monkeypatch):
    host = prepared(monkeypatch)
    first = host.converge(reboots=True, **UPGRADE)
    assert first["reboot_required"] and host.packages["nvidia-l4t-core"].version == NEW
    assert does(first)[:2] == [
        "use the packages of r36.5 (/etc/apt/sources.list.d/nvidia-l4t-apt-source.list)",
        "upgrade JetPack 6.2.1 (L4T 36.4.7) to 6.2.2; install nvidia-jetpack",
    ]
    assert host.cdi_of == OLD, "what comes after a reboot that is allowed is left for it"
    host.boot()
    second = host.converge(reboots=True, **UPGRADE)
    assert host.cdi_of == NEW and not second["reboot_required"]
    assert host.held == {*L4T, "nvidia-jetpack"}
    assert does(host.converge(**UPGRADE)) == []


def test_without_leave_to_reboot_everything_else_is_done(monkeypatch):
    host = prepared(monkeypatch)
    told = host.converge(**UPGRADE)
    assert told["reboot_required"] and host.cdi_of == NEW and host.docker_has_read


def test_check_mode_changes_nothing_and_says_what_would_be(monkeypatch):
    host = prepared(monkeypatch)
    before = copy.deepcopy(host.state())
    told = host.converge(check=True, **UPGRADE)
    assert host.state() == before and host.steps == []
    assert "upgrade JetPack 6.2.1 (L4T 36.4.7) to 6.2.2; install nvidia-jetpack" in does(told)
    assert told["reboot_required"]


def test_failure_before_packages_change_takes_everything_back(monkeypatch):
    host = prepared(monkeypatch)
    host.offered["nvidia-l4t-core"] = ["36.5.2-20260101000000"]
    before = copy.deepcopy(host.state())
    told = host.converge(**UPGRADE)
    assert (
        told["failed"]
        and "has moved on and offers L4T 36.5.2, which is JetPack 6.2.3" in told["msg"]
        and "Nothing was installed." in told["msg"]
    )
    assert host.state() == before


def test_failure_in_the_middle_keeps_the_way_and_says_so(monkeypatch):
    probe = prepared(monkeypatch)
    probe.converge(**UPGRADE)
    number = probe.steps.index("install packages")
    host = prepared(monkeypatch)
    host.interrupted(number, FAIL)
    told = host.converge(**UPGRADE)
    assert told["failed"] and "Part of it may be installed" in told["msg"]
    assert "r36.5" in host.files[jetpack.SOURCES] and set(L4T) <= host.held


def test_whatever_interrupts_an_upgrade_the_next_run_ends_as_wanted(monkeypatch):
    host = prepared(monkeypatch)
    host.converge(**UPGRADE)
    goal, steps = host.state(), list(host.steps)
    points = 0
    for number in range(len(steps)):
        for way in WAYS:
            host = prepared(monkeypatch)
            host.interrupted(number, way)
            where = f"{way} at step {number}, {steps[number]}"
            with contextlib.suppress(Killed):
                host.converge(**UPGRADE)
            host.undisturbed()
            last = host.converge(**UPGRADE)
            assert not last.get("failed"), (where, last)
            assert host.state() == goal, where
            points += 1
    print(f"{points} points recovered: JetPack 6.2.1 to 6.2.2")
    assert points == len(steps) * len(WAYS) >= 4 * 10


def test_runtime_that_was_not_told_before_the_end_of_a_run_is_told_by_the_next(monkeypatch):
    host = prepared(monkeypatch)
    host.files[jetpack_actions.RELOAD] = "docker"
    assert does(host.converge(**KEPT)) == ["reload the configuration of docker"]
    assert host.files[jetpack_actions.RELOAD] is None
