# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of each role is what its argument specs make, and its example sets what they take."""

from __future__ import annotations

import re

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.edgesite.gpu.tests.tools.role_pages.page import page
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT

ROLES = sorted(path.parents[1] for path in (ROOT / "roles").glob("*/meta/argument_specs.yml"))
EACH = pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)


def main(role):
    path = role / "meta" / "argument_specs.yml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]["main"]


def taken(role):
    """Its options without their defaults, which only Ansible can turn from templates into values."""
    options = main(role)["options"]
    return {name: {key: option[key] for key in option if key != "default"} for name, option in options.items()}


def used(role):
    """Roles in the example of this one, with their variables."""
    return [
        (one["role"], one.get("vars", {})) for play in yaml.safe_load(main(role)["examples"]) for one in play["roles"]
    ]


@EACH
def test_page_is_what_the_specification_makes(role):
    if (role / "README.md").read_text(encoding="utf-8") != page(role):
        pytest.fail(
            f"roles/{role.name}/README.md is not what meta/argument_specs.yml makes: run `make docs`.", pytrace=False
        )


@EACH
def test_example_sets_what_the_specification_takes(role):
    assert f"edgesite.gpu.{role.name}" in dict(used(role))
    for name, variables in used(role):
        validator = ArgumentSpecValidator(taken(ROOT / "roles" / name.rsplit(".", 1)[1]))
        assert validator.validate(variables).error_messages == []


@EACH
def test_links_lead_somewhere(role):
    text = (role / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!http)([^)#]+)", text)
    assert [link for link in links if not (role / link).exists()] == []
