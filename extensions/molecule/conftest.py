# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of the scenario by name, as testinfra sees them over SSH."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import testinfra

INVENTORY = Path(__file__).resolve().parents[2] / "tests" / "lab" / "inventory.sh"


def connect(name):
    shown = subprocess.run([INVENTORY, "--host", name], stdout=subprocess.PIPE, check=True).stdout
    host = json.loads(shown)
    return testinfra.get_host(
        "ssh://{ansible_user}@{ansible_host}".format(**host),
        ssh_identity_file=host["ansible_ssh_private_key_file"],
        ssh_extra_args=host["ansible_ssh_common_args"],
    )


@pytest.fixture(name="ampere")
def fixture_ampere():
    return connect("ampere")


@pytest.fixture(name="hopper")
def fixture_hopper():
    return connect("hopper")


@pytest.fixture(name="mixed")
def fixture_mixed():
    return connect("mixed")


@pytest.fixture(name="hub")
def fixture_hub():
    return connect("hub")
