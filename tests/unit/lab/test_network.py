# SPDX-License-Identifier: GPL-3.0-or-later
"""A site gets the subnet that it wants, or else a free one; what has the wanted one is left alone."""

from __future__ import annotations

import ipaddress
import json
import subprocess

import pytest
from edgelab import definition, network, places
from edgelab.errors import LabError

NAME = f"edgelab.{places.CLONE}.demo.1a2b3c"
WANTED = ipaddress.ip_network("10.213.10.0/24")


class FakePodman:
    """Answers with the networks it is told, and notes what else it is asked; creation fails as often as it is told."""

    def __init__(self, *networks: dict, failures: int = 0) -> None:
        self.networks = networks
        self.failures = failures
        self.created: list[str] = []

    def __call__(self, *args: str) -> subprocess.CompletedProcess:
        if args[:2] == ("network", "create"):
            self.created.append(args[args.index("--subnet") + 1])
            if len(self.created) <= self.failures:
                raise LabError("subnet is already used")
        return subprocess.CompletedProcess(args, 0, json.dumps(self.networks), "")


def listed(name: str, subnet: str, wanted: str = "") -> dict:
    labels = {"edgelab.subnet": wanted} if wanted else None
    return {"name": name, "subnets": [{"subnet": subnet}], "labels": labels}


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> definition.Site:
    monkeypatch.setattr(network, "_machine_subnets", lambda: [("eth0", "192.168.1.0/24")])
    return definition.load("demo")


def test_created_where_the_definition_says(demo: definition.Site) -> None:
    podman = FakePodman(listed("podman", "10.88.0.0/16"))
    assert network.ensure(podman, demo) == WANTED
    assert podman.created == [str(WANTED)]


def test_there_already(demo: definition.Site) -> None:
    podman = FakePodman(listed(NAME, "10.213.99.0/24", wanted=str(WANTED)))
    assert network.ensure(podman, demo) == ipaddress.ip_network("10.213.99.0/24")
    assert not podman.created


def moved(site: definition.Site, podman: FakePodman) -> ipaddress.IPv4Network:
    subnet = network.ensure(podman, site)
    assert podman.created[-1] == str(subnet) != str(WANTED)
    assert subnet.subnet_of(network.POOL) and subnet.prefixlen == 24
    return subnet


def test_moves_away_from_the_same_site_of_another_clone(demo: definition.Site) -> None:
    moved(demo, FakePodman(listed("edgelab.0ther1.demo.1a2b3c", str(WANTED))))


def test_moves_away_from_a_network_of_the_machine(demo: definition.Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_machine_subnets", lambda: [("wlan0", "10.213.10.128/25"), ("v6", "fd00::/64")])
    moved(demo, FakePodman())


def test_next_one_where_another_clone_was_quicker(demo: definition.Site) -> None:
    podman = FakePodman(failures=network.ATTEMPTS - 1)
    assert network.ensure(podman, demo) == WANTED
    with pytest.raises(LabError, match="already used"):
        network.ensure(FakePodman(failures=network.ATTEMPTS), demo)


def test_nothing_free(demo: definition.Site) -> None:
    podman = FakePodman(listed("other", "10.213.0.0/16"))
    with pytest.raises(LabError, match=r"podman's network other has 10.213.0.0/16.*\n  -> change 'subnet'.*demo.yml"):
        network.ensure(podman, demo)


def test_definition_changed_while_up(demo: definition.Site) -> None:
    podman = FakePodman(listed(NAME, "10.9.0.0/24", wanted="10.9.0.0/24"))
    with pytest.raises(LabError, match="made for 10.9.0.0/24.*\n  -> run: tests/lab/lab down demo"):
        network.ensure(podman, demo)


def test_hosts_keep_their_places_in_the_subnet_that_is_noted(
    demo: definition.Site, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setattr(places.paths, "STATE", tmp_path)
    assert places.placed(demo) == demo
    (tmp_path / "demo").mkdir()
    places.remember_subnet("demo", ipaddress.IPv4Network("10.213.99.0/24"))
    before = [host.address for host in demo.hosts]
    after = [host.address for host in places.placed(demo).hosts]
    assert after == [address.replace("10.213.10.", "10.213.99.") for address in before]
