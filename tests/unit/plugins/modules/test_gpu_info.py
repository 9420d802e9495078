# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest
import yaml
from ansible.module_utils import basic
from ansible_collections.edgesite.gpu.plugins.module_utils.site.host import facts
from ansible_collections.edgesite.gpu.plugins.modules import gpu_info

FOUND = {"gpus": [], "unread": []}


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the module with these arguments; gives its result and what it read with."""

    def run_with(**arguments):
        calls = []

        def read(run, gather, tpm_tcti, pynvml_path):
            calls.append((gather, tpm_tcti, pynvml_path))
            return dict(FOUND)

        class Module(basic.AnsibleModule):
            """An AnsibleModule with given parameters: how they arrive differs between versions of ansible-core."""

            def __init__(self, argument_spec, supports_check_mode):
                assert supports_check_mode
                defaults = {name: option.get("default") for name, option in argument_spec.items()}
                self.params = dict(defaults, **arguments)

            def exit_json(self, **result):
                print(json.dumps(result))

        monkeypatch.setattr(facts, "read", read)
        monkeypatch.setattr(gpu_info, "AnsibleModule", Module)
        gpu_info.main()
        return json.loads(capsys.readouterr().out), calls

    return run_with


def test_everything_by_default(run):
    result, calls = run()
    assert result == dict(FOUND, changed=False)
    assert calls == [(list(facts.SUBSETS), None, None)]


def test_options_are_passed_on(run):
    _result, calls = run(gather=["tpm"], tpm_tcti="device:/dev/tpmrm0", pynvml_path="/tmp/x.zip")
    assert calls == [(["tpm"], "device:/dev/tpmrm0", "/tmp/x.zip")]


def test_every_subset_is_documented():
    options = yaml.safe_load(gpu_info.DOCUMENTATION)["options"]
    assert options["gather"]["choices"] == options["gather"]["default"] == list(facts.SUBSETS)
    assert set(yaml.safe_load(gpu_info.RETURN)) == {*facts.SUBSETS, "unread"}
