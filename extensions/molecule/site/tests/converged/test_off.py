# SPDX-License-Identifier: GPL-3.0-or-later
"""After converging."""

from __future__ import annotations

import pytest

UNIT = "edgesite-gpu-mig.service"


@pytest.mark.parametrize("name", ["ampere", "hopper"])
def test_cards_are_whole(request, cards, name):
    host = request.getfixturevalue(name)
    assert cards(host).modes() == [False, False]
    assert cards(host).layouts() == [[], []]
    assert host.service(UNIT).is_enabled
    assert host.check_output("systemctl --failed --plain --no-legend") == ""


def test_boot_turned_it_off_where_no_reset_was_allowed(ampere, cards):
    callers = cards(ampere).callers("nvmlDeviceSetMigMode")
    with ampere.sudo():
        journal = ampere.check_output("journalctl --boot --unit %s --output cat", UNIT)
    assert len(callers) == 2 and len(set(callers)) == 1
    assert journal.count("turn off MIG mode of GPU") == 2


def test_no_reboot_where_none_was_needed(hopper, cards):
    callers = cards(hopper).callers("nvmlDeviceSetMigMode")
    assert len(callers) == 2 and len(set(callers)) == 1
    with hopper.sudo():
        assert "turn off" not in hopper.check_output("journalctl --unit %s --output cat", UNIT)
