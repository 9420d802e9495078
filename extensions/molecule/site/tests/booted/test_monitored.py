# SPDX-License-Identifier: GPL-3.0-or-later
"""After a boot without a network."""

from __future__ import annotations

import json

UNIT = "edgesite-gpu-mig.service"


def test_layouts_are_there_again(monitored, cards):
    assert cards(monitored).layouts() == [
        ["1g.10gb@0", "1g.10gb@1", "1g.10gb@2", "1g.10gb@3", "3g.40gb@4"],
        ["2g.20gb@4", "4g.40gb@0 1c/1c/2c"],
    ]
    assert [card["power_limit_mw"] for card in cards(monitored).all()] == [300000, 300000]


def test_boot_unit_made_them_and_nothing_failed(monitored):
    assert monitored.check_output("systemctl is-active %s", UNIT) == "active"
    assert monitored.check_output("systemctl --failed --plain --no-legend") == ""


def test_container_runtimes_start_after_it(monitored):
    before = monitored.check_output("systemctl show --property Before --value %s", UNIT).split()
    for runtime in ("containerd", "docker", "crio", "kubelet", "k3s", "k3s-agent"):
        assert f"{runtime}.service" in before
    seen = json.loads(monitored.file("/run/seen-by-containerd.json").content_string)
    assert [len(card["mig"]["gpu_instances"]) for card in seen["gpus"]] == [5, 2]
