# SPDX-License-Identifier: GPL-3.0-or-later
"""After a boot with one of the two cards."""

from __future__ import annotations

UNIT = "edgesite-gpu-mig.service"


def test_unit_failed_and_says_what_is_missing(ampere):
    assert UNIT in ampere.check_output("systemctl --failed --plain --no-legend")
    with ampere.sudo():
        journal = ampere.check_output("journalctl --boot --unit %s --output cat", UNIT)
    assert "matches no GPU of this host, which has: 0 NVIDIA A100-SXM4-80GB" in journal


def test_other_card_has_its_layout(ampere, cards):
    assert cards(ampere).layouts() == [["1g.10gb@0", "1g.10gb@1", "1g.10gb@2", "1g.10gb@3", "3g.40gb@4"]]
