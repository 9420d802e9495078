# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import command, units
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.command import Result
from ansible_collections.edgesite.gpu.plugins.module_utils.common.quiesce import SwitchUnit, Units

STOP, START = SwitchUnit("dcgm.service", start=False), SwitchUnit("dcgm.service", start=True)


class Systemctl:
    """Stands in for systemctl. states: what is-active says; recorded: what was on record at each stop and start."""

    def __init__(self, record):
        self.record, self.states, self.answer, self.ran, self.recorded = record, {}, Result(0, b"", ""), [], []

    def __call__(self, argv, data=None, timeout=0):
        verb, *names = argv[1:]
        if verb == "is-active":
            answers = "".join(self.states.get(name, "inactive") + "\n" for name in names)
            return Result(3, answers.encode(), "")
        self.ran.append([verb, *names])
        self.recorded.append(json.loads(self.record.read_text()) if self.record.exists() else [])
        return self.answer


@pytest.fixture
def systemctl(tmp_path, monkeypatch):
    monkeypatch.setattr(units, "RECORD", str(tmp_path / "run" / "stopped-units.json"))
    monkeypatch.setattr(command, "find", lambda program: "/usr/bin/" + program)
    return Systemctl(tmp_path / "run" / "stopped-units.json")


def test_unit_is_on_record_from_before_it_is_stopped_until_it_is_started(systemctl):
    units.apply(systemctl, STOP)
    assert units.observe(systemctl, []) == Units((), ("dcgm.service",))
    units.apply(systemctl, START)
    assert systemctl.ran == [["stop", "dcgm.service"], ["start", "--no-block", "dcgm.service"]]
    assert systemctl.recorded == [["dcgm.service"], ["dcgm.service"]]
    assert not systemctl.record.exists()


def test_unit_that_does_not_start_stays_on_record(systemctl):
    units.apply(systemctl, STOP)
    systemctl.answer = Result(1, b"", "Job for dcgm.service failed.\n")
    with pytest.raises(EdgesiteError, match="dcgm.service: Job for dcgm.service failed.*journalctl -u dcgm.service"):
        units.apply(systemctl, START)
    assert units.observe(systemctl, []).stopped == ("dcgm.service",)


def test_only_what_runs_is_active_and_what_runs_again_is_not_stopped(systemctl):
    units.apply(systemctl, STOP)
    systemctl.states = {"a.service": "active", "b.service": "activating", "c.service": "failed"}
    names = ["c.service", "b.service", "a.service"]
    assert units.observe(systemctl, names) == Units(("a.service", "b.service"), ("dcgm.service",))
    systemctl.states["dcgm.service"] = "active"
    assert units.observe(systemctl, []) == Units(("dcgm.service",), ())


@pytest.mark.parametrize("damaged", ["", "{", "null", '{"a": 1}', "[1]"])
def test_damaged_record_says_nothing(systemctl, damaged):
    systemctl.record.parent.mkdir()
    systemctl.record.write_text(damaged)
    assert units.observe(systemctl, []) == Units((), ())


def test_host_without_systemd_has_no_units(systemctl, monkeypatch):
    monkeypatch.setattr(command, "find", lambda program: None)
    assert units.observe(systemctl, ["a.service"]) == Units((), ())
