# SPDX-License-Identifier: GPL-3.0-or-later
"""After check, converge, converge and check."""

from __future__ import annotations

MONITOR = "nvidia-dcgm.service"


def test_layouts_are_there(ampere, cards):
    assert cards(ampere).modes() == [True, True]
    assert cards(ampere).layouts() == [
        ["1g.10gb@0", "1g.10gb@1", "1g.10gb@2", "1g.10gb@3", "3g.40gb@4"],
        ["2g.20gb@4", "4g.40gb@0 1c/1c/2c"],
    ]


def test_one_run_changed_the_cards_and_neither_check_nor_a_second_run_did(ampere, cards):
    created = cards(ampere).callers("nvmlDeviceSetMigMode", "nvmlDeviceCreateGpuInstanceWithPlacement")
    assert len(created) == 9 and len(set(created)) == 1


def test_monitor_stood_still_for_the_reset_and_runs_again(ampere):
    with ampere.sudo():
        journal = ampere.check_output("journalctl --unit %s --output cat", MONITOR)
    happened = [line.split()[0] for line in journal.splitlines() if line.startswith(("Started", "Stopped"))]
    assert happened == ["Started", "Stopped", "Started"]
    assert ampere.service(MONITOR).is_running


def test_power_limits_that_the_reset_took_are_set_again(ampere, cards):
    assert [card["power_limit_mw"] for card in cards(ampere).all()] == [300000, 300000]
    # both cards by the layer gpu, and again after the reset
    assert len(cards(ampere).callers("nvmlDeviceSetPowerManagementLimit")) == 4
