# SPDX-License-Identifier: GPL-3.0-or-later
"""The layers are the same in the code, in the playbook that converges them, and in the table for users."""

from __future__ import annotations

import re

import yaml
from ansible_collections.edgesite.gpu.plugins.module_utils.site.layers import LAYERS
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT

(_CHECK, SITE, *_OTHERS) = yaml.safe_load((ROOT / "playbooks" / "site.yml").read_text())
NAMES = [layer.name for layer in LAYERS]


def test_the_playbook_converges_all_layers_of_a_host_in_one_task():
    (task, check) = SITE["tasks"]
    assert list(check)[1] == "ansible.builtin.fail"
    assert "edgesite.gpu.host_converge" in task and task["register"] == "edgesite_result"


def test_each_layer_has_a_role_whose_result_the_report_finds():
    for name in NAMES:
        role = ROOT / "roles" / name
        assert (role / "meta" / "argument_specs.yml").exists()
        assert f"{name}_result" in "".join(file.read_text() for file in sorted((role / "tasks").glob("*.yml")))


def test_the_table_for_users():
    text = (ROOT / "docs" / "playbooks.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \| \[", text, re.MULTILINE))
    assert [name for name in rows if name not in ("facts", "report")] == NAMES
    for layer in LAYERS:
        assert re.findall(r"`(\w+)`", rows[layer.name]) == list(layer.variables)


def test_a_removal_can_be_asked_for_each_layer():
    role = yaml.safe_load((ROOT / "roles" / "remove" / "meta" / "argument_specs.yml").read_text())
    layers = role["argument_specs"]["main"]["options"]["remove_layers"]
    assert sorted(layers["choices"]) == sorted(layers["default"]) == sorted(NAMES)
    named = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", (ROOT / "docs" / "remove.md").read_text(), re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", " ".join(named))) == sorted(NAMES)
