# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defaults that are made of other variables are what a role's tasks have of them."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import defaults, specifications

ROLES = specifications.of_roles()


def whole(role, values, **others):
    return defaults.whole(values, ROLES[role], {**values, **others})


def test_another_variable_that_is_given():
    found = whole("tls", {}, identity_directory="/srv/identity", edgesite_tpm_tcti="tabrmd")
    assert (found.values["tls_identity_directory"], found.values["tls_tcti"]) == ("/srv/identity", "tabrmd")
    assert found.inherited == {"tls_identity_directory": "identity_directory", "tls_tcti": "edgesite_tpm_tcti"}


def test_another_variable_that_is_not_given():
    found = whole("tls", {})
    assert (found.values["tls_identity_directory"], found.values["tls_tcti"]) == ("/etc/edgesite-gpu/identity", "")
    assert found.inherited == {}


def test_what_is_given_itself():
    found = whole("tls", {"tls_tcti": "swtpm"}, edgesite_tpm_tcti="tabrmd")
    assert found.values["tls_tcti"] == "swtpm" and found.inherited == {}


def test_a_variable_of_the_same_role():
    assert whole("identity", {"identity_ca_dir": "/srv/ca"}).values["identity_state_dir"] == "/srv/ca/state"
    assert whole("identity", {}).values["identity_state_dir"] is None


def test_another_type():
    assert whole("driver", {}, edgesite_allow_reboot=True).values["driver_allow_reboot"] is True
    assert whole("driver", {}).values["driver_allow_reboot"] is False
    assert whole("jetpack", {"jetpack_version": "6.2"}).values["jetpack_hold"] is True


def test_braces_in_a_value_are_text():
    found = whole("identity", {"identity_ca_dir": "/srv/{{ 7 * 7 }}"})
    assert found.values["identity_state_dir"] == "/srv/{{ 7 * 7 }}/state"


def test_each_default_of_a_text_or_a_choice_can_be_evaluated():
    """As far as it is made of variables that have defaults themselves."""
    lacking = [
        name
        for role in ("driver", "jetpack", "gpu", "mig", "storage", "tls")
        for name, value in whole(role, {}).values.items()
        if value is None and "{{" in str(ROLES[role][name].get("default")) and ROLES[role][name]["type"] != "list"
    ]
    assert lacking == []
