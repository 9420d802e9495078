# SPDX-License-Identifier: GPL-3.0-or-later
"""MIG is turned off: on H100s at once, on A100s by the boot that the site allows, as it allows no reset."""

from __future__ import annotations

import pytest

UNIT = "edgesite-gpu-mig.service"


@pytest.mark.parametrize("name", ["off-a100", "off-h100"])
def test_cards_are_whole(connect, cards, name):
    host = connect(name)
    assert cards(host).modes() == [False, False]
    assert cards(host).layouts() == [[], []]
    assert host.service(UNIT).is_enabled
    assert host.check_output("systemctl --failed --plain --no-legend") == ""


def test_boot_turned_it_off_where_no_reset_was_allowed(connect, cards):
    host = connect("off-a100")
    callers = cards(host).callers("nvmlDeviceSetMigMode")
    with host.sudo():
        journal = host.check_output("journalctl --boot --unit %s --output cat", UNIT)
    assert len(callers) == 2 and len(set(callers)) == 1
    assert journal.count("turn off MIG mode of GPU") == 2


def test_no_reboot_where_none_was_needed(connect, cards):
    host = connect("off-h100")
    callers = cards(host).callers("nvmlDeviceSetMigMode")
    assert len(callers) == 2 and len(set(callers)) == 1
    with host.sudo():
        assert "turn off" not in host.check_output("journalctl --unit %s --output cat", UNIT)
