# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layouts that are taken out of the inventory: they stay, nothing makes them again, and a run names them."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.quiesce import Units
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import changed
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.nvml_errors import NvmlError
from ansible_collections.edgesite.gpu.plugins.module_utils.mig import actions as mig_actions
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.host import domain as mig_domain
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.host.domain import MigDomain, boot_unit
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.plan import Policy
from ansible_collections.edgesite.gpu.plugins.module_utils.outcome import run_all
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.fake_host import (
    AFTER,
    BEFORE,
    FAIL,
    HALF,
    ONWARD,
    FakeHost,
    Killed,
)
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import card

FIRST, SECOND = "GPU-0", "GPU-1"
CONFIG = "/etc/edgesite-gpu/mig.json"
BOTH = [{"gpus": "all", "instances": {"3g.40gb": 2}}]
OFF = [{"gpus": "all", "mig": "disabled"}]


def one(**options):
    return [{"gpus": [{"uuid": FIRST}], **options}]


class MigHost(FakeHost):
    """A host with two H100, whose MIG is off."""

    def __init__(self):
        super().__init__()
        self.cards = [card("H100-80", index=index, enabled=False, pending=False) for index in (0, 1)]
        self.lost, self.enabled, self.broken = {}, False, False

    def patch(self, monkeypatch):
        """See FakeHost.patch."""
        super().patch(monkeypatch)
        monkeypatch.setattr(mig_domain, "read_cards", lambda nvml: (self.cards, self.lost))
        monkeypatch.setattr(mig_domain.units, "observe", lambda run, names: Units((), ()))
        monkeypatch.setattr(mig_domain.boot_backend, "is_enabled", lambda unit: self.enabled and "mig" in unit)
        monkeypatch.setattr(mig_domain.ready, "check", lambda what, unit: None)
        monkeypatch.setattr(mig_domain.lock, "held", contextlib.nullcontext)
        monkeypatch.setattr(mig_domain.apply, "apply", self._change)
        return self

    def converge(self, layouts, check=False, at_boot=False):
        """What the module returns."""
        unit = mig_domain.boot.NONE if at_boot else boot_unit(layouts, [], "/usr/bin/python3", persist=True)
        with changed.opened(changed.MIG, self._opened, bool(layouts)) as nvml:
            return run_all(
                lambda: [MigDomain(self.run, nvml, layouts, Policy(), [], unit, at_boot=at_boot)],
                check=check,
                verbosity=0,
            )

    @contextlib.contextmanager
    def _opened(self):
        if self.broken:
            raise NvmlError(999)
        yield self

    def ask(self, function, *arguments):
        """Stands in for NVML's process."""
        return function(self, *arguments)

    def _change(self, _nvml, action):
        def done():
            self.cards = mig_actions.after(self.cards, [action])

        if not self.step(mig_actions.describe(action)["does"], done):
            raise NvmlError(999)

    def _systemctl(self, words):
        if words[0] in ("enable", "disable"):
            return self.step("systemctl " + words[0], lambda: setattr(self, "enabled", words[0] == "enable"))
        return super()._systemctl(words)


@pytest.fixture
def host(monkeypatch):
    return MigHost().patch(monkeypatch)


def does(result):
    assert not result.get("failed"), result
    return [action["does"] for action in result["actions"]]


def left(result):
    assert not result.get("failed"), result
    return {entry["uuid"]: (entry["value"], entry["by_hand"].split(" for ")[0]) for entry in result["left_behind"]}


NAMED = ("enabled with 2 3g.40gb", "set mig: disabled")


def test_a_card_that_is_no_longer_named_is_told_with_what_removes_its_layout(host):
    host.converge(BOTH)
    kept = host.converge(one(instances={"3g.40gb": 2}))
    assert does(kept) == ["replace " + CONFIG] and left(kept) == {SECOND: NAMED}
    assert json.loads(host.files[CONFIG])["mig"] == one(instances={"3g.40gb": 2})
    assert len(host.cards[1].instances) == 2
    again = host.converge(one(instances={"3g.40gb": 2}))
    assert does(again) == [] and left(again) == {SECOND: NAMED}


def test_without_layouts_the_boot_unit_goes_and_all_is_told(host):
    host.converge(BOTH)
    told = host.converge([], check=True)
    gone = host.converge([])
    assert does(told) == does(gone) and told["left_behind"] == gone["left_behind"]
    assert left(gone) == {FIRST: NAMED, SECOND: NAMED} and not host.enabled and host.files[CONFIG] is None


def test_what_is_told_to_do_ends_it(host):
    host.converge(BOTH)
    host.converge(OFF)
    assert changed.read(changed.MIG) == {}
    assert left(host.converge([])) == {}


def test_a_layout_of_others_is_not_told(host):
    host.cards[1] = replace(host.cards[1], enabled=True, pending=True)
    assert left(host.converge(one(instances={"3g.40gb": 2}))) == {}
    assert set(changed.read(changed.MIG)) == {FIRST}


def test_a_layout_that_was_there_is_not_noted(host):
    host.cards = [replace(each, enabled=True, pending=True) for each in host.cards]
    assert does(host.converge([{"gpus": "all", "instances": {}}]))[:1] == ["write " + CONFIG]
    assert changed.MIG not in host.files
    assert left(host.converge([])) == {}


def test_instances_on_a_card_that_others_turned_to_mig(host):
    host.cards = [replace(each, enabled=True, pending=True) for each in host.cards]
    host.converge(one(instances={"3g.40gb": 2}))
    assert left(host.converge([])) == {FIRST: (NAMED[0], "set instances: {}")}


def test_mig_that_was_turned_off_is_told(host):
    host.cards = [replace(each, enabled=True, pending=True) for each in host.cards]
    host.converge(OFF)
    assert left(host.converge([]))[FIRST] == ("disabled", "set mig: enabled")


def test_what_a_reboot_has_ended_is_forgotten(host):
    host.converge(one(instances={"3g.40gb": 2}))
    host.cards[0] = replace(host.cards[0], enabled=False, pending=False, instances=())
    assert does(host.converge([]))[0].startswith("forget the earlier MIG mode of GPU 0")
    assert changed.read(changed.MIG) == {}


def test_the_boot_unit_forgets_nothing(host):
    host.converge(BOTH)
    host.cards = [replace(each, enabled=False, pending=False, instances=()) for each in host.cards]
    host.converge(one(instances={"3g.40gb": 2}), at_boot=True)
    assert set(changed.read(changed.MIG)) == {FIRST, SECOND}


def test_cards_that_cannot_be_read_are_told_and_those_that_are_gone_are_not(host):
    host.converge(BOTH)
    second = host.cards.pop(1)
    assert set(left(host.converge([]))) == {FIRST}
    host.lost = {1: EdgesiteError("GPU 1: fallen off the bus", "Reboot")}
    assert left(host.converge([]))[SECOND][0] == "unknown"
    host.cards, host.lost, host.broken = [*host.cards, second], {}, True
    assert set(left(host.converge([]))) == {FIRST, SECOND}


def test_a_damaged_file_is_an_error_and_no_hindrance_at_boot(host):
    host.files[changed.MIG] = "{"
    failed = host.converge(BOTH)
    assert failed["failed"] and f"'rm {changed.MIG}'" in failed["msg"] and not host.cards[0].enabled
    host.converge(BOTH, at_boot=True)
    assert host.cards[0].enabled


def test_whatever_interrupts_a_run_what_is_left_of_it_is_told(monkeypatch):
    undisturbed = MigHost().patch(monkeypatch)
    undisturbed.converge(BOTH)
    points = 0
    for number, step in enumerate(undisturbed.steps):
        for way in (BEFORE, HALF, AFTER, FAIL, ONWARD):
            host = MigHost().patch(monkeypatch)
            host.interrupted(number, way)
            with contextlib.suppress(Killed):
                host.converge(BOTH)
            host.undisturbed()
            told = set(left(host.converge([])))
            assert told == {each.gpu.uuid for each in host.cards if each.enabled}, (step, way)
            assert set(changed.read(changed.MIG)) == told, (step, way)
            assert does(host.converge([])) == [], (step, way)
            points += 1
    assert points >= 50
