# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that Ansible's own checks do not survive, in a module as Ansible starts it."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils import basic as ansible_basic
from ansible_collections.edgesite.gpu.plugins.module_utils.basic import AnsibleModule

CLOCKS = {"type": "dict", "options": {"min": {"type": "int"}}}
SPEC = {
    "settings": {"type": "list", "elements": "dict", "options": {"gpu_clocks": CLOCKS}},
    "timeout": {"type": "int"},
    "clock": {"type": "float"},
    "secret": {"type": "str", "no_log": True},
    "name": {"type": "str", "required": True},
}


@pytest.fixture
def failure(monkeypatch, capsys):
    """What a module with these options fails with."""

    def failed(**options):
        options = {"_ansible_module_name": "edgesite.gpu.gpu_settings", "name": "x", **options}
        monkeypatch.setattr(ansible_basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": options}).encode())
        monkeypatch.setattr(ansible_basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        with pytest.raises(SystemExit):
            AnsibleModule(argument_spec=SPEC)
        return json.loads(capsys.readouterr().out)

    return failed


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("settings", [{"gpu_clocks": 1410}]),
        ("settings", [{"gpu_clocks": {"min": "inf"}}]),
        ("timeout", "inf"),
    ],
)
def test_the_option_is_named_and_secrets_are_not(failure, option, value):
    told = failure(**{option: value, "secret": "hunter2"})
    assert told["msg"].startswith("The option {0} has a value of the wrong form. See".format(option))
    assert "ansible-doc edgesite.gpu.gpu_settings" in told["msg"]
    assert "hunter2" not in json.dumps(told)


@pytest.mark.parametrize(("option", "value"), [("timeout", "9" * 5000), ("timeout", float("inf")), ("clock", "nan")])
def test_numbers_are_finite_and_can_be_written(failure, option, value):
    assert failure(**{option: value})["msg"].startswith("The option '{0}' has a number".format(option))


def test_what_ansible_refuses_it_refuses_in_its_own_words(failure):
    assert "cannot be converted to an int" in failure(timeout="soon")["msg"]
