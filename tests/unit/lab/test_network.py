# SPDX-License-Identifier: GPL-3.0-or-later
"""A subnet that the machine uses already is refused, with its owner's name."""

from __future__ import annotations

import json
import subprocess

import pytest
from edgelab import definition, network
from edgelab.errors import LabError


class FakePodman:
    """Answers with the networks it is told, and notes what else it is asked."""

    def __init__(self, *networks: dict) -> None:
        self.networks = networks
        self.asked: list[tuple[str, ...]] = []

    def __call__(self, *args: str) -> subprocess.CompletedProcess:
        self.asked.append(args)
        return subprocess.CompletedProcess(args, 0, json.dumps(self.networks), "")


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> definition.Site:
    monkeypatch.setattr(network, "_machine_subnets", lambda: [("eth0", "192.168.1.0/24")])
    return definition.load("demo")


def test_created(demo: definition.Site) -> None:
    podman = FakePodman({"name": "podman", "subnets": [{"subnet": "10.88.0.0/16"}]})
    assert network.ensure(podman, demo)
    assert podman.asked[-1][:2] == ("network", "create")


def test_there_already(demo: definition.Site) -> None:
    podman = FakePodman({"name": "edgelab.demo.1a2b3c", "subnets": [{"subnet": str(demo.subnet)}]})
    assert not network.ensure(podman, demo)


def test_subnet_of_another_network(demo: definition.Site) -> None:
    podman = FakePodman({"name": "other", "subnets": [{"subnet": "10.213.0.0/16"}]})
    with pytest.raises(LabError, match=r"podman's network other has 10.213.0.0/16\n  -> change 'subnet'.*demo.yml"):
        network.ensure(podman, demo)


def test_subnet_of_the_machine(demo: definition.Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_machine_subnets", lambda: [("wlan0", "10.213.10.128/25")])
    with pytest.raises(LabError, match="this machine's interface wlan0 has 10.213.10.128/25"):
        network.ensure(FakePodman(), demo)


def test_definition_changed_while_up(demo: definition.Site) -> None:
    podman = FakePodman({"name": "edgelab.demo.1a2b3c", "subnets": [{"subnet": "10.9.0.0/24"}]})
    with pytest.raises(LabError, match="run: tests/lab/lab down demo"):
        network.ensure(podman, demo)
