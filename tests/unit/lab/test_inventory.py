# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory that ansible gets."""

from __future__ import annotations

import json

import pytest
from edgelab import cli, definition, inventory, places


@pytest.fixture
def demo() -> definition.Site:
    return definition.load("demo")


def test_groups(demo: definition.Site) -> None:
    listing = inventory.listing(demo)
    assert listing["edgesite"]["hosts"] == ["gpu-a", "gpu-b", "jetson-1", "hub"]
    assert listing["edgesite"]["children"] == ["gpu_nodes", "jetsons", "hubs"]
    assert listing["gpu_nodes"]["hosts"] == ["gpu-a", "gpu-b"]
    assert listing["jetsons"]["hosts"] == ["jetson-1"]
    assert listing["hubs"]["hosts"] == ["hub"]


def test_variables(demo: definition.Site) -> None:
    variables = inventory.hostvars(demo, demo.host("gpu-a"))
    assert variables["ansible_host"] == "10.213.10.11"
    assert variables["ansible_user"] == "edge"
    assert variables["edgesite_tpm_tcti"] == "tabrmd:bus_type=system"
    assert "StrictHostKeyChecking=yes" in variables["ansible_ssh_common_args"]
    assert "edgesite_tpm_tcti" not in inventory.hostvars(demo, demo.host("hub"))


def test_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(places, "is_up", lambda site: True)
    assert cli.main(["inventory", "demo", "--list"]) == 0
    assert "gpu-a" in json.loads(capsys.readouterr().out)["_meta"]["hostvars"]
    assert cli.main(["inventory", "demo", "--host", "hub"]) == 0
    assert json.loads(capsys.readouterr().out)["ansible_host"] == "10.213.10.2"


def test_command_while_down(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(places, "is_up", lambda site: False)
    assert cli.main(["inventory"]) == 1
    assert "site demo is not up\n  -> run: tests/lab/lab up demo" in capsys.readouterr().err
