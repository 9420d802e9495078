# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each mistake is found before a run, once, with its variable and its fix; docs/mistakes.md is what is said of it."""

from __future__ import annotations

import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from ansible_collections.edgesite.gpu.plugins.module_utils.site.layers import LAYERS
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import judgement
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site.evaluated import OfHosts
from ansible_collections.edgesite.gpu.tests.unit.mistakes import site, table
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.site import looked

CARD = {
    "index": 0,
    "uuid": "GPU-aaaa",
    "pci_bus_id": "0000:17:00.0",
    "name": "Tesla T4",
    "persistence_mode": False,
    "compute_mode": "default",
    "ecc": None,
    "mig": None,
    "power_w": {"limit": 70.0, "default_limit": 70.0, "min_limit": 60.0, "max_limit": 70.0},
    "clocks_mhz": {"min_graphics": 300, "max_graphics": 1590, "min_memory": 405, "max_memory": 5001},
}
SERVER = {
    "gpus": [CARD],
    "unread": [],
    "accelerators": [],
    "driver": {"nvml_status": "ok"},
    "jetson": None,
    "tpm": {"version": "2.0"},
}
ORIN = {
    "l4t": {"major": 36, "minor": 4, "version": "36.4.7"},
    "jetpack": "6.2.1",
    "soc": "tegra234",
    "power_modes": [{"id": 0, "name": "MAXN"}, {"id": 1, "name": "30W"}],
    "fan_profiles": ["quiet", "cool"],
}
NAMES = [one["mistake"] for one in yaml.safe_load((ROOT / "tests/unit/mistakes/mistakes.yml").read_text())]


@pytest.fixture(scope="module", name="found")
def fixture_found(tmp_path_factory):
    """By mistake, the problems of a host that has it, each with its host or controller."""
    folder = tmp_path_factory.mktemp("site")
    site.make(folder)
    mistakes = site.mistakes(folder)
    hosts = dict(zip((f"gpu-{number:03}" for number in range(len(mistakes))), mistakes))
    hostvars = OfHosts(list(hosts), inventory(hosts, folder / "inventory.yml"), Templar(DataLoader()))
    of = judgement.Scope([layer.name for layer in LAYERS], True, str, lambda _host: None)
    problems = judgement.judge(hostvars, list(hosts), of).problems
    told = {one["mistake"]: [] for one in mistakes}
    for problem in problems:
        for host in problem.hosts or [problem.host]:
            text, fix = (words.replace(str(folder), site.FOLDER) for words in (problem.problem, problem.fix))
            told[hosts[host]["mistake"]].append(problem._replace(problem=text, fix=fix))
    return told


def inventory(hosts, file):
    site.inventory(hosts, file)
    loader = DataLoader()
    manager = InventoryManager(loader=loader, sources=[str(file)])
    keeper = VariableManager(loader=loader, inventory=manager)
    for name, one in hosts.items():
        facts = one.get("facts") or {}
        info = {**SERVER, **facts, "jetson": ORIN if facts.get("jetson") else None}
        keeper.set_nonpersistent_facts(name, {judgement.LOOK: looked.at(info, one["variables"])})
    return HostVars(inventory=manager, variable_manager=keeper, loader=loader)


@pytest.mark.parametrize("mistake", NAMES)
def test_a_mistake_is_found_once_with_its_variable_and_a_fix(found, mistake):
    (problem,) = found[mistake]
    assert problem.variable and problem.fix


def test_what_is_said_of_them_is_in_the_guide(found):
    mistakes = yaml.safe_load((ROOT / "tests/unit/mistakes/mistakes.yml").read_text())
    assert table.text(mistakes, found) in (ROOT / "docs" / "mistakes.md").read_text()
