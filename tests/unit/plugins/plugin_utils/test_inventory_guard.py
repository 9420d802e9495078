# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts say does not become what the inventory says; with Ansible's own keeper of variables."""

from __future__ import annotations

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.plugin_utils.inventory_guard import (
    check_host,
    check_result,
    check_variables,
)


@pytest.fixture
def variables():
    """What a task on alpha has for variables, once alpha has said this."""

    def with_facts(told, host="alpha", **inventory):
        loader = DataLoader()
        hosts = InventoryManager(loader=loader, sources="alpha,bravo,")
        keeper = VariableManager(loader=loader, inventory=hosts)
        alpha = hosts.get_host("alpha")
        for name, value in inventory.items():
            alpha.set_variable(name, value)
        keeper.set_host_facts("alpha", told)
        hostvars = HostVars(inventory=hosts, variable_manager=keeper, loader=loader)
        return {**keeper.get_vars(host=hosts.get_host(host), include_hostvars=False), "hostvars": hostvars}

    return with_facts


def refusal(told):
    with pytest.raises(EdgesiteError) as refused:
        check_variables(told)
    return str(refused.value)


@pytest.mark.parametrize(
    "name",
    [
        "identity_authority",
        "storage_recovery_certificate",
        "edgesite_report_file",
        # variables of the user's own, which ours may be made of
        "site_root",
        "hostname",
        # what Ansible itself says of a host, and takes from facts
        "inventory_hostname",
        "inventory_dir",
        "group_names",
        # options of connections, become and lookups, also of other collections
        "ansible_sftp_executable",
        "ansible_control_path",
        "ansible_private_key",
        "ansible_sudo_exe",
        "ansible_paramiko_proxy_command",
        "ansible_podman_executable",
        "ansible_lookup_url_unix_socket",
        "ansible_hashi_vault_url",
        "packages",
    ],
)
def test_a_fact_that_would_be_a_variable_is_refused_and_named(variables, name):
    said = refusal(variables({name: "x", "ansible_distribution": "Debian"}, site_root="/srv"))
    assert name in said and "alpha" in said.replace("a host", "alpha") and "run_once" in said


def test_all_of_them_are_named(variables):
    assert "Facts of alpha would take the place of variables: a, b. " in refusal(variables({"b": 1, "a": 2}))


def test_of_what_a_host_makes_up_not_all_is_repeated(variables):
    said = refusal(variables({f"x{number:04}\x1b[2J{'y' * 1000}": 1 for number in range(500)}))
    assert "\x1b" not in said and "and 490 more" in said and len(said) < 3000


def test_facts_by_the_names_of_ansibles_own_modules_are_good(variables):
    told = {
        "ansible_distribution": "Debian",
        "ansible_local": {"identity_authority": {}},
        "ansible_ssh_host_key_rsa_public": "AAAA",
        "ansible_system_vendor": "x",
        "ansible_podman1": {"device": "podman1"},
        "ansible_env": {},
        "ansible_product_name": "x",
        "discovered_interpreter_python": "/usr/bin/python3",
        "_ansible_facts_gathered": True,
        "facter_os": {},
        "getent_passwd": {},
        "packages": {},
        "services": {},
        "gather_subset": ["all"],
        "module_setup": True,
    }
    check_variables(variables(told))


def test_a_variable_of_the_inventory_may_have_the_name_and_value_of_a_fact(variables):
    check_variables(variables({"ansible_hostname": "alpha"}, hostname="alpha"))


def test_one_hosts_facts_are_not_another_hosts(variables):
    check_variables(variables({"identity_authority": {}}, host="bravo"))


def test_the_inventory_can_allow_names_and_a_host_cannot(variables):
    check_variables(variables({"stock": 1}, edgesite_facts_allowed=["stock"]))
    said = refusal(variables({"stock": 1, "edgesite_facts_allowed": ["stock", "edgesite_facts_allowed"]}))
    assert "edgesite_facts_allowed, stock" in said
    said = refusal(variables({"stock": 1, "edgesite_facts_allowed": ["x"]}, edgesite_facts_allowed=["stock"]))
    assert "edgesite_facts_allowed, stock" in said


def test_a_list_of_allowed_names_has_to_be_one(variables):
    assert "has to be a list" in refusal(variables({"stock": 1}, edgesite_facts_allowed="stock"))
    assert "is a huge number, but has" in refusal(variables({"stock": 1}, edgesite_facts_allowed=1 << 20000))


def test_where_there_is_no_host_there_are_no_facts():
    check_variables({})


def test_where_facts_are_no_variables_nothing_is_refused(variables, monkeypatch):
    monkeypatch.setattr("ansible.constants.INJECT_FACTS_AS_VARS", False)
    check_variables(variables({"identity_authority": {}}))


def test_facts_of_this_machine_are_good(variables):
    """What Ansible's setup returns here."""
    collector = pytest.importorskip("ansible.module_utils.facts.ansible_collector")
    from ansible.module_utils.facts import default_collectors
    from ansible.module_utils.facts.namespace import PrefixFactNamespace

    gathered = collector.get_ansible_collector(
        all_collector_classes=default_collectors.collectors,
        namespace=PrefixFactNamespace(namespace_name="ansible", prefix="ansible_"),
        gather_subset=["all", "!facter", "!ohai"],
    ).collect(module=None)
    check_variables(variables(gathered))


@pytest.mark.parametrize("facts", [{"identity_subject": 1}, {"ansible_distribution": "x"}, ["x"], [5]])
def test_answers_of_our_modules_carry_no_facts(facts):
    with pytest.raises(EdgesiteError) as refused:
        check_result({"ansible_facts": facts}, "alpha")
    assert "alpha" in str(refused.value)


def test_answers_of_our_modules_carry_no_statistics():
    with pytest.raises(EdgesiteError, match="alpha sets statistics"):
        check_result({"ansible_stats": {"data": {"x": 1}}}, "alpha")


def test_the_interpreter_that_ansible_found_is_no_ones_word():
    check_result({"ansible_facts": {"discovered_interpreter_python": "/usr/bin/python3"}}, "alpha")
    check_result({"ansible_facts": None}, "alpha")
    check_result({"changed": True}, "alpha")


@pytest.mark.parametrize("allowed", [None, "site_facts", 5])
def test_what_is_allowed_counts_where_a_host_says_something(variables, allowed):
    check_host(variables({}, edgesite_facts_allowed=allowed), "alpha")
    with pytest.raises(EdgesiteError, match="edgesite_facts_allowed is .*, but has to be a list"):
        check_host(variables({"site_facts": 1}, edgesite_facts_allowed=allowed), "alpha")
