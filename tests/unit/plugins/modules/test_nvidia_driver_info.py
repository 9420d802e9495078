# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest
import yaml
from ansible.module_utils import basic
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import verdict
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.host import facts
from ansible_collections.edgesite.gpu.plugins.modules import nvidia_driver_info


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the module with these arguments; gives its result and what it read with."""

    def run_with(**arguments):
        calls = []

        class Module(basic.AnsibleModule):
            """An AnsibleModule with given parameters: how they arrive differs between versions of ansible-core."""

            def __init__(self, argument_spec, supports_check_mode):
                assert supports_check_mode
                defaults = {name: option.get("default") for name, option in argument_spec.items()}
                self.params = dict(defaults, **arguments)

            def exit_json(self, **result):
                print(json.dumps(result))

        monkeypatch.setattr(facts, "read", lambda run, *given: calls.append(given) or {"verdict": "ok"})
        monkeypatch.setattr(nvidia_driver_info, "AnsibleModule", Module)
        nvidia_driver_info.main()
        return json.loads(capsys.readouterr().out), calls

    return run_with


def test_defaults(run):
    assert run() == ({"verdict": "ok", "changed": False}, [(None,)])


def test_options_are_passed_on(run):
    assert run(pynvml_path="/tmp/x.zip")[1] == [("/tmp/x.zip",)]


def test_all_that_is_returned_is_documented(tmp_path):
    returned = facts.read(lambda *_arguments, **_options: None, None, str(tmp_path))
    documented = yaml.safe_load(nvidia_driver_info.RETURN)
    assert set(documented) == set(returned)
    for key in ("kernel", "mok", "nouveau"):
        assert set(documented[key]["contains"]) == set(returned[key])
    said = " ".join(documented["verdict"]["description"])
    words = (*verdict._LEVELS, verdict.ABSENT)
    assert all("V({0})".format(word) in said for word in words)
