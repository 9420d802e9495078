# SPDX-License-Identifier: GPL-3.0-or-later
"""After converging and a boot without a network."""

from __future__ import annotations

UNIT = "edgesite-gpu-mig.service"


def test_mode_and_layouts_are_there_again(hopper, cards):
    assert cards(hopper).modes() == [True, True]
    (first, second) = cards(hopper).layouts()
    assert sorted(shown.split("@")[0] for shown in first) == ["1g.10gb", "1g.10gb", "2g.20gb", "3g.40gb"]
    assert second == ["7g.80gb@0"]


def test_power_limit_of_the_card_that_has_one_is_set_again(hopper, cards):
    assert [card["power_limit_mw"] for card in cards(hopper).all()] == [700000, 500000]


def test_boot_made_what_converging_had_made_once(hopper, cards):
    callers = cards(hopper).callers("nvmlDeviceSetMigMode", "nvmlDeviceCreateGpuInstanceWithPlacement")
    assert len(callers) == 14
    # the run and the boot; neither check nor the second run
    assert len(set(callers)) == 2


def test_boot_unit_ran_and_nothing_failed(hopper):
    assert hopper.check_output("systemctl is-active %s", UNIT) == "active"
    assert hopper.check_output("systemctl --failed --plain --no-legend") == ""
