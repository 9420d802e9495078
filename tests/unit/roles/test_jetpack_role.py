# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the variables of the role jetpack come to, and which of them bring a host to it."""

from __future__ import annotations

import pytest
import yaml
from ansible.plugins.filter.core import to_bool
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT
from jinja2.nativetypes import NativeEnvironment
from jinja2.runtime import Context


class Lazy(Context):
    """Variables that are templates are rendered where they are used, as Ansible does."""

    def resolve_or_missing(self, key):
        found = super().resolve_or_missing(key)
        template = isinstance(found, str) and "{{" in found
        return self.environment.from_string(found).render(self.get_all()) if template else found


JINJA = NativeEnvironment()
JINJA.context_class = Lazy
JINJA.filters["bool"] = to_bool


def load(path):
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def value(expression, **variables):
    """An expression of Jinja's with the role's variables, of which these are set."""
    known = {
        **load("roles/jetpack/defaults/main.yml"),
        **load("roles/jetpack/vars/main.yml"),
        "ansible_check_mode": False,
        **variables,
    }
    return JINJA.from_string("{{ " + expression + " }}").render(known)


def in_site(**variables):
    tasks = load("playbooks/site.yml")[0]["tasks"]
    include = "ansible.builtin.include_role"
    _own, wanted = next(task["when"] for task in tasks if task[include]["name"] == "edgesite.gpu.jetpack")
    # a role that is included gives the play no defaults
    return JINJA.from_string("{{ " + wanted + " }}").render(variables)


def test_site_leaves_a_host_alone_that_wants_nothing():
    assert not in_site()
    assert not in_site(jetpack_hold=False, jetpack_upgrade="minor", edgesite_allow_reboot=True)


@pytest.mark.parametrize(
    "variables",
    [
        {"jetpack_version": "6.2.2"},
        {"jetpack_suite": "r36.5"},
        {"jetpack_packages": ["nvidia-jetpack-runtime"]},
        {"jetpack_hold": True},
        {"jetpack_hold": "yes"},
        {"jetpack_mirror": "http://mirror.site/jetson"},
        {"jetpack_power_mode": "MAXN"},
        {"jetpack_clocks": "locked"},
        {"jetpack_fan_profile": "cool"},
    ],
)
def test_site_takes_a_host_that_wants_a_single_thing(variables):
    assert in_site(**variables)


@pytest.mark.parametrize(
    "variables, may",
    [
        ({}, False),
        ({"edgesite_allow_reboot": True}, True),
        ({"jetpack_allow_reboot": "yes", "ansible_connection": "ssh"}, True),
        ({"jetpack_allow_reboot": True, "ansible_connection": "local"}, False),
        ({"jetpack_allow_reboot": True, "ansible_check_mode": True}, False),
    ],
)
def test_reboots_are_taken_where_allowed_but_never_by_the_host_itself(variables, may):
    assert value("jetpack_may_reboot", **variables) == may


def test_every_reboot_asks_whether_it_may():
    (block,) = load("roles/jetpack/tasks/main.yml")
    reboots = [task for task in block["block"] if task.get("ansible.builtin.include_tasks") == "reboot.yml"]
    assert len(reboots) == 2
    assert all("jetpack_may_reboot | bool" in task["when"] for task in reboots)


@pytest.mark.parametrize(
    "variables, runtime",
    [
        ({"jetpack_version": "6.2.2"}, "docker"),
        ({"jetpack_packages": ["nvidia-container-toolkit"]}, "docker"),
        ({"jetpack_power_mode": "MAXN"}, ""),
    ],
)
def test_container_runtime_is_left_alone_where_no_packages_are_wanted(variables, runtime):
    info = {"container_toolkit": {"unconfigured": "docker"}}
    assert value("jetpack_runtime", jetpack_info=info, **variables) == runtime
    info["container_toolkit"]["unconfigured"] = None
    assert value("jetpack_runtime", jetpack_info=info, **variables) == ""
