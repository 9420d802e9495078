# SPDX-License-Identifier: GPL-3.0-or-later
"""After converging."""

from __future__ import annotations

import json

OURS = ("power_limit_mw", "persistence", "compute_mode", "ecc", "mig")


def test_each_model_has_its_layout(mixed, cards):
    assert cards(mixed).modes() == [True, True, False, False]
    assert cards(mixed).layouts() == [
        ["1g.5gb@0", "1g.5gb@1", "1g.5gb@2", "1g.5gb@3", "3g.20gb@4"],
        ["1g.20gb@6", "4g.40gb@0"],
        [],
        [],
    ]


def test_nothing_happened_to_cards_without_a_layout(mixed, cards):
    prepared = json.loads(mixed.file("/var/tmp/prepared.json").content_string)
    before, after = prepared["gpus"][2:], cards(mixed).all()[2:]
    assert [[card[key] for key in OURS] for card in after] == [[card[key] for key in OURS] for card in before]
    assert after[0]["power_limit_mw"] == 280000
    assert cards(mixed).processes() == {entry["pid"]: entry["name"] for entry in prepared["processes"]}


def test_one_run_changed_the_cards(mixed, cards):
    assert len(set(cards(mixed).callers("nvmlDeviceSetMigMode", "nvmlDeviceCreateGpuInstanceWithPlacement"))) == 1


def test_host_that_persists_nothing_has_only_notes_of_what_was_changed(mixed):
    """And the host tools, for the looks at it. The power limit was set when the host was prepared."""
    assert mixed.file("/usr/local/lib/edgesite-gpu/current").is_symlink
    assert sorted(mixed.file("/etc/edgesite-gpu").listdir()) == ["gpu-changed.json", "mig-changed.json"]
