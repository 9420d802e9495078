# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers that a host has and its inventory has not, on the host in memory that has all of them."""

from __future__ import annotations

import fnmatch
import re

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.effects import CRYPTTAB
from ansible_collections.edgesite.gpu.plugins.module_utils.site import leftover
from ansible_collections.edgesite.gpu.plugins.module_utils.site.layers import LAYERS
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.site.host.removal_host import RemovalHost

NAMES = [layer.name for layer in LAYERS]
VARIABLES = {name for layer in LAYERS for name in layer.variables}


@pytest.fixture(params=["apt", "dnf"])
def host(request, monkeypatch):
    return RemovalHost(request.param).patch(monkeypatch)


def found(host):
    traces = [trace for layer in leftover.LAYERS.values() for trace in layer.traces]
    there = [trace for trace in traces if fnmatch.filter(host._there(), trace)]
    return leftover.found(there, host.files.get(CRYPTTAB))


def test_every_layer_of_the_site_is_known():
    assert list(leftover.LAYERS) == NAMES


def test_a_host_that_has_every_layer_and_one_that_has_none(host):
    assert found(host) == []
    host.converge()
    assert found(host) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_layer_that_was_removed_is_not_found_but_for_what_stays(host, name):
    host.converge()
    assert not host.remove(layers=[name]).get("failed")
    assert found(host) == [other for other in NAMES if other != name or name in ("storage", "identity")]


def test_only_what_is_not_called_for_is_left():
    assert leftover.left({"layers": ["mig", "gpu"]}, ["mig"]) == ["gpu"]
    assert leftover.left({"layers": ["gpu", "of a liar"]}, []) == ["gpu"]
    assert leftover.left({}, []) == leftover.left({"layers": ["gpu"]}, None) == []


@pytest.mark.parametrize("name", NAMES)
def test_what_is_told_names_the_hosts_and_a_variable_or_a_playbook(name):
    told = leftover.told(name, ["a", "b", "c", "d", "e"])
    assert told.startswith(f"The layer {name} is not in the inventory for a, b, c and 2 more, but ")
    assert VARIABLES & set(re.findall(r"\w+", told))
    assert "{" not in told or f'{{"remove_layers": ["{name}"]}}' in told
