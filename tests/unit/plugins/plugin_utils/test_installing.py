# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module misses on a host is installed, and the module runs again."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.plugin_utils.installing import InstallingActionBase
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.host_task import HostTask

PACKAGE = "ansible.builtin.package"
LACKS = {"failed": True, "msg": "Not installed on this host: haproxy", "missing_packages": ["haproxy"]}
DONE = {"changed": True, "actions": [{"does": "write it"}], "missing_packages": []}


def task(*answers, **options):
    return HostTask(InstallingActionBase, answers, **options)


def test_what_is_missing_is_installed_and_told():
    run = task(LACKS, DONE)
    result = run.result()
    assert run.ran == ["module", (PACKAGE, {"name": ["haproxy"], "state": "present"}), "module"]
    assert [entry["does"] for entry in result["actions"]] == ["install haproxy", "write it"]
    assert result["changed"] and "failed" not in result


def test_an_installation_is_a_change_also_where_nothing_else_was_to_do():
    assert task(LACKS, {**DONE, "changed": False, "actions": []}).result()["changed"]


def test_the_packages_of_the_inventory_are_taken_instead():
    run = task(LACKS, DONE, packages=["haproxy-lts", "lua"])
    run.result()
    assert run.ran[1][1]["name"] == ["haproxy-lts", "lua"]


def test_packages_of_the_inventory_may_be_a_text():
    run = task(LACKS, DONE, packages="haproxy-lts")
    run.result()
    assert run.ran[1][1]["name"] == ["haproxy-lts"]


def test_what_was_there_already_was_not_installed():
    result = task(LACKS, {**DONE, "changed": False, "actions": []}, others={PACKAGE: {"changed": False}}).result()
    assert not result["changed"] and result["actions"] == []


@pytest.mark.parametrize("first, options", [(LACKS, {"install": False}), (LACKS, {"install": "no"}), (DONE, {})])
def test_nothing_is_installed(first, options):
    run = task(first, **options)
    assert run.result() == first and run.ran == ["module"]


def test_check_mode_says_that_it_would_be_installed():
    run = task(LACKS, check=True)
    result = run.result()
    assert run.ran == ["module"]
    assert result["changed"] and "failed" not in result and "msg" not in result
    assert result["actions"] == [{"does": "install haproxy", "disruption": "none", "of": []}]


def test_installation_that_fails_says_why():
    result = task(LACKS, others={PACKAGE: {"failed": True, "msg": "No package matching 'haproxy'"}}).result()
    assert result["failed"] and result["missing_packages"] == ["haproxy"]
    assert result["msg"].startswith("Cannot install haproxy: No package matching 'haproxy'. Add a package source")


def test_package_lists_that_lack_a_package_are_read_again():
    asked = {"name": ["haproxy"], "state": "present"}
    run = task(LACKS, others={PACKAGE: {"failed": True, "msg": "No package matching 'haproxy'"}})
    run.result()
    assert run.ran == ["module", (PACKAGE, asked), (PACKAGE, {**asked, "update_cache": True})]


def test_packages_are_told_in_one_line_whatever_they_are():
    result = task(LACKS, check=True, packages=[17, "a\nb"]).result()
    assert result["actions"] == [{"does": "install 17, a\\nb", "disruption": "none", "of": []}]
    run = task(LACKS, DONE, packages=17)
    run.result()
    assert run.ran[1][1]["name"] == ["17"]
