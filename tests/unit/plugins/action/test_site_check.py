# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a whole site, and of one host."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from ansible_collections.edgesite.gpu.plugins.action import site_check
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError

WRONG = {"gpu_settings": [{"gpus": "all", "gpu_clocks": 1410}], "driver_branch": "550"}


class Hostvars(dict):
    """As Ansible's, with no fact of any host."""

    _variable_manager = SimpleNamespace(_fact_cache={})


def check(hostvars, hosts=None, **options):
    action = site_check.ActionModule.__new__(site_check.ActionModule)
    action._task = SimpleNamespace(tags=["always"])
    given = {"hosts": hosts, "variables": True, "facts": False, "report_file": None, **options}
    return action.work(given, {"inventory_hostname": "gpu-1", "hostvars": Hostvars(hostvars)})


def test_a_host_of_its_own_has_its_problems_and_its_layers():
    result = check({"gpu-1": WRONG})
    assert result["failed"] and result["msg"].startswith("gpu_settings[0].gpu_clocks is 1410")
    assert check({"gpu-1": {"driver_branch": "550"}})["layers"] == ["driver"]


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


def select(pattern=None, hostvars=None, tags=("all",), **facts):
    """The check of hosts and tags alone, on an inventory with gpu-1 and gpu-2 in the group edgesite."""
    known = {"edgesite": ["gpu-1", "gpu-2"], "gpu-2": ["gpu-2"]}
    given = Hostvars(hostvars or {"gpu-1": {}, "gpu-2": {}})
    given._variable_manager = SimpleNamespace(
        _fact_cache=facts, extra_vars={} if pattern is None else {"edgesite_hosts": pattern}
    )
    given._inventory = SimpleNamespace(get_hosts=lambda wanted, ignore_restrictions: known.get(wanted, []))
    action = site_check.ActionModule.__new__(site_check.ActionModule)
    action._task = SimpleNamespace(tags=["always"], args={"variables": False})
    task_vars = {"inventory_hostname": "gpu-1", "hostvars": given, "ansible_facts": {}, "ansible_run_tags": tags}
    action.guard(task_vars)
    return action.work({"variables": False}, task_vars)


def test_hosts_and_tags_alone():
    assert select() == select("gpu-2") == select(hostvars={"gpu-1": WRONG, "gpu-2": WRONG}) == {}
    with pytest.raises(EdgesiteError, match="has no hosts"):
        select("elsewhere")
    with pytest.raises(EdgesiteError, match="has the tag web"):
        select(tags=["web"])


def test_a_host_that_lies_neither_stops_a_run_nor_allows_its_tags():
    lie = {"edgesite_tags_allowed": ["web"], "edgesite_hosts": "elsewhere"}
    hostvars = {"gpu-1": lie, "gpu-2": {"edgesite_tags_allowed": ["lamp"]}}
    assert select(hostvars=hostvars, tags=["lamp"], **{"gpu-1": lie}) == {}
    with pytest.raises(EdgesiteError, match="has the tag web"):
        select(hostvars=hostvars, tags=["web"], **{"gpu-1": lie})
