# SPDX-License-Identifier: GPL-3.0-or-later
"""After check, converge, converge and check."""

from __future__ import annotations

MONITOR = "nvidia-dcgm.service"


def test_layouts_are_there(monitored, cards):
    assert cards(monitored).modes() == [True, True]
    assert cards(monitored).layouts() == [
        ["1g.10gb@0", "1g.10gb@1", "1g.10gb@2", "1g.10gb@3", "3g.40gb@4"],
        ["2g.20gb@4", "4g.40gb@0 1c/1c/2c"],
    ]


def test_one_run_changed_the_cards_and_neither_check_nor_a_second_run_did(monitored, cards):
    created = cards(monitored).callers("nvmlDeviceSetMigMode", "nvmlDeviceCreateGpuInstanceWithPlacement")
    assert len(created) == 9 and len(set(created)) == 1


def test_monitor_stood_still_for_the_reset_and_runs_again(monitored):
    with monitored.sudo():
        journal = monitored.check_output("journalctl --unit %s --output cat", MONITOR)
    happened = [line.split()[0] for line in journal.splitlines() if line.startswith(("Started", "Stopped"))]
    assert happened == ["Started", "Stopped", "Started"]
    assert monitored.service(MONITOR).is_running


def test_power_limits_that_the_reset_took_are_set_again(monitored, cards):
    assert [card["power_limit_mw"] for card in cards(monitored).all()] == [300000, 300000]
    # both cards by the layer gpu, and again after the reset
    assert len(cards(monitored).callers("nvmlDeviceSetPowerManagementLimit")) == 4
