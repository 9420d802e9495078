# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables that nobody reads."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import names, specifications


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("mig_layout", "mig_layouts"),
        ("gpu_setting", "gpu_settings"),
        ("edgesite_alow_reboot", "edgesite_allow_reboot"),
        ("driver_brunch", "driver_branch"),
        ("gpus_settings", "gpu_settings"),
        ("jetpac_version", "jetpack_version"),
        ("identity_cadir", "identity_ca_dir"),
        ("jetpak_version", "jetpack_version"),
        ("drivr_branch", "driver_branch"),
        ("storage_volume", "storage_volumes"),
        ("tls_service", "tls_services"),
        ("identity_subject_alt_name", "identity_subject_alt_names"),
    ],
)
def test_a_misspelt_name_is_a_problem_with_the_nearest_known_one(name, meant):
    (error,) = names.unread([name], [])
    assert error.problem.startswith(name + " is not a variable")
    assert f"Did you mean {meant}?" in error.fix and "edgesite_variables_allowed" in error.fix


@pytest.mark.parametrize(
    "name",
    [
        "tls_xyzzy_plugh",
        "edgesite_region",
        "edgesite_contact",
        "edgesite_users",
        "gpu_team",
        "identity_contact",
        "identity_provider",
        "jetpack_owner",
        "mig_owner",
        "mig_owner_name",
        "storage_class",
        "storage_owner",
    ],
)
def test_a_name_under_our_prefixes_that_is_like_none(name):
    (error,) = names.unread([name], [])
    assert "Did you mean" not in error.fix


@pytest.mark.parametrize(
    "name",
    [
        "ansible_host",
        "my_gpu_settings",
        "site_name",
        "tpu_settings",
        "disk_layouts",
        "report_of_last_week",
        "facts_of_life",
        "gpu",
        "driver",
    ],
)
def test_names_of_others_are_theirs(name):
    assert names.unread([name], []) == []


def test_names_that_the_user_allows():
    assert names.unread(["gpu_team_name", "mig_owner"], ["gpu_team_*", "mig_owner"]) == []
    assert len(names.unread(["gpu_team_name", "mig_owner"], ["gpu_team"])) == 2


def test_what_roles_and_playbooks_read_and_set_is_known():
    ours = [name for options in specifications.of_roles().values() for name in options]
    set_by_us = [
        "edgesite_result",
        "facts_result",
        "gpu_result",
        "tls_result",
        "remove_result",
        "site_ca_crl",
    ]
    assert names.unread([*ours, *specifications.PLAYBOOKS, *set_by_us], []) == []
