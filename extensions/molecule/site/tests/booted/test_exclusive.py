# SPDX-License-Identifier: GPL-3.0-or-later
"""After its settings were taken out of the inventory."""

from __future__ import annotations


def test_what_was_before_is_there_again(exclusive, cards):
    assert {card["compute_mode"] for card in cards(exclusive).all()} == {0}
    assert exclusive.file("/etc/edgesite-gpu").listdir() == []
