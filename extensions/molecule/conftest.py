# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of the scenario by name, as testinfra sees them over SSH."""

from __future__ import annotations

import os

import pytest
import testinfra


def connect(name):
    inventory = os.environ["MOLECULE_INVENTORY_FILE"]
    return testinfra.get_host(f"ansible://{name}?ansible_inventory={inventory}")


@pytest.fixture(name="ampere")
def fixture_ampere():
    return connect("ampere")


@pytest.fixture(name="mixed")
def fixture_mixed():
    return connect("mixed")


@pytest.fixture(name="hub")
def fixture_hub():
    return connect("hub")
