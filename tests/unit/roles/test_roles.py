# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Specification and defaults of each role say the same."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT

ROLES = sorted(path.parent.parent for path in (ROOT / "roles").glob("*/tasks/main.yml"))


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}


def options(role):
    return load(role / "meta" / "argument_specs.yml")["argument_specs"]["main"].get("options", {})


def defaults(role):
    return load(role / "defaults" / "main.yml") or {}


def secrets(role):
    """Options that by default take a secret from another variable."""
    return {
        name for name, option in options(role).items() if option.get("no_log") and "{{" in str(defaults(role).get(name))
    }


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_defaults_are_those_of_the_specification(role):
    told = {name: option["default"] for name, option in options(role).items() if "default" in option}
    assert told == {name: default for name, default in defaults(role).items() if name not in secrets(role)}


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_secrets_are_not_in_the_specification(role):
    """Else they would be in the message about another option that is wrong."""
    told = {name: option.get("default", "") for name, option in options(role).items() if name in secrets(role)}
    assert "{{" not in str(told)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_option_has_the_roles_name(role):
    assert [name for name in options(role) if not name.startswith(role.name + "_")] == []
