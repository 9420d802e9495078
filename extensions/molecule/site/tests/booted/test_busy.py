# SPDX-License-Identifier: GPL-3.0-or-later
"""After converging, and after another layout was refused."""

from __future__ import annotations

import json


def named(gpus):
    """The UUIDs of the first card's compute instances by instance."""
    return {
        f"{instance['profile']}@{instance['start']}": [part["uuid"] for part in instance["compute_instances"]]
        for instance in gpus[0]["mig"]["gpu_instances"]
    }


def test_instance_in_use_and_its_process_stayed(busy, cards):
    prepared = json.loads(busy.file("/var/tmp/prepared.json").content_string)
    before, after = named(prepared["gpus"]), named(cards(busy).all())
    assert after["2g.20gb@2"] == before["2g.20gb@2"]
    assert cards(busy).processes() == {entry["pid"]: entry["name"] for entry in prepared["processes"]}
    # two of the idle ones fit the new layout and stay too
    assert [after[name] for name in ("1g.10gb@0", "1g.10gb@1")] == [before[name] for name in ("1g.10gb@0", "1g.10gb@1")]


def test_rest_has_the_layout_asked_for_and_the_refused_one_left_no_trace(busy, cards):
    assert cards(busy).layouts() == [["1g.10gb@0", "1g.10gb@1", "2g.20gb@2", "3g.40gb@4"], []]
    callers = cards(busy).callers("nvmlGpuInstanceDestroy", "nvmlDeviceCreateGpuInstanceWithPlacement")
    assert len(callers) == 4 and len(set(callers)) == 1
    boot = json.loads(busy.file("/etc/edgesite-gpu/mig.json").content_string)
    assert boot["mig"][0]["instances"] == {"2g.20gb": 1, "1g.10gb": 2, "3g.40gb": 1}


def test_card_without_a_layout_is_whole(busy, cards):
    assert cards(busy).modes() == [True, False]
