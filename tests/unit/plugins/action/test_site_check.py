# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a whole site."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleError
from ansible_collections.edgesite.gpu.plugins.action import site_check
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError

WRONG = {"gpu_settings": [{"gpus": "all", "gpu_clocks": 1410}], "driver_branch": "550"}


class Templar:
    """Of variables that have nothing to evaluate."""

    def template(self, value):
        return value

    def copy_with_new_env(self, available_variables):
        assert "hostvars" in available_variables
        return self


class Hostvars(dict):
    """As Ansible's, with no fact of any host."""

    _variable_manager = SimpleNamespace(_fact_cache={})
    raw_get = dict.__getitem__

    @property
    def _inventory(self):
        def get_hosts(patterns, ignore_limits, ignore_restrictions):
            assert ignore_restrictions and not ignore_limits
            if "[" in patterns:
                raise AnsibleError("odd\npattern")
            return [SimpleNamespace(name=name) for name in patterns if name in self]

        return SimpleNamespace(get_hosts=get_hosts)


def check(hostvars, hosts, **options):
    action = site_check.ActionModule.__new__(site_check.ActionModule)
    action._task = SimpleNamespace(tags=["always"])
    action._templar = Templar()
    given = {"hosts": hosts, "variables": True, "facts": False, "report_file": None, **options}
    known = {"inventory_hostname": "gpu-1", "hostvars": Hostvars(hostvars), **hostvars.get("gpu-1", {})}
    return action.work(given, known)


def test_a_whole_site_is_shown_in_lines_and_written(tmp_path, capsys):
    file = tmp_path / "check.json"
    result = check({"gpu-1": WRONG, "gpu-2": {}}, ["gpu-1", "gpu-2"], report_file=str(file))
    assert result == {"failed": True, "msg": "1 problem found"}
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "1 problem found" and shown[1].startswith("gpu-1: [gpu] gpu_settings[0].gpu_clocks is 1410")
    assert shown[2].startswith("    fix: ") and shown[-2].startswith("Checked: variables of 2 hosts")
    written = json.loads(file.read_text())
    assert set(written) == {"problems", "notes", "checked", "unchecked"}
    assert written["problems"][0]["variable"] == "gpu_settings[0].gpu_clocks"


def test_a_report_that_cannot_be_written(tmp_path):
    with pytest.raises(EdgesiteError, match="edgesite_report_file .* cannot be written"):
        check({"gpu-1": {}}, ["gpu-1"], report_file=str(tmp_path))


def test_a_run_without_hosts_fails():
    with pytest.raises(EdgesiteError, match="has no hosts"):
        check({}, [])
    with pytest.raises(EdgesiteError, match="The hosts cannot be chosen: odd pattern"):
        check({}, ["["])


def select(hosts, facts=None, of_host=None, name="gpu-1", **task_vars):
    """The check of hosts and tags alone. facts: of the host with this name."""
    hostvars = Hostvars({"gpu-1": of_host or WRONG, "localhost": {}})
    hostvars._variable_manager = SimpleNamespace(_fact_cache={name: facts or {}})
    action = site_check.ActionModule.__new__(site_check.ActionModule)
    action._task = SimpleNamespace(tags=["always"], args={"hosts": hosts, "variables": False})
    action._templar = Templar()
    known = {"inventory_hostname": "gpu-1", "hostvars": hostvars, "ansible_facts": {}, **task_vars}
    action.guard(known)
    return action.work({"hosts": hosts, "variables": False, "facts": False}, known)


def test_hosts_and_tags_alone():
    allowed = {"edgesite_tags_allowed": ["web"]}
    assert select(["gpu-1"]) == select(["gpu-1"], of_host=allowed, ansible_run_tags=["web"]) == {}
    with pytest.raises(EdgesiteError, match="has no hosts"):
        select([])
    with pytest.raises(EdgesiteError, match="has the tag web"):
        select(["gpu-1"], ansible_run_tags=["web"])


def test_a_host_that_lies_does_not_stop_the_others():
    lies = {"edgesite_hosts": "elsewhere"}
    assert select(["gpu-1"], facts=lies) == {}
    with pytest.raises(EdgesiteError, match="has no hosts"):
        select([], facts=lies)


def test_what_localhost_says_is_taken_from_nobody_else():
    with pytest.raises(EdgesiteError, match="Facts of localhost would take the place of variables"):
        select(["gpu-1"], facts={"edgesite_report_file": "/etc/passwd"}, name="localhost")
