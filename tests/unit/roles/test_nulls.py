# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A variable that is null is as not set, where a role has no default for it; elsewhere validate refuses it."""

from __future__ import annotations

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT

OMITTED = "not given"
ROLES = ["driver", "mig", "tls"]


def arguments(role, **variables):
    """What the role's task gives to its module."""
    tasks = yaml.safe_load((ROOT / "roles" / role / "tasks" / "main.yml").read_text())
    defaults = yaml.safe_load((ROOT / "roles" / role / "defaults" / "main.yml").read_text())
    known = {"omit": OMITTED, **defaults, **variables}
    module = next(name for name in tasks[-1] if name.startswith("edgesite.gpu."))
    # Each on its own, as Ansible removes from a mapping what is omitted.
    return {option: evaluated(text, known) for option, text in tasks[-1][module].items()}


def evaluated(text, known):
    loader = DataLoader()
    return Templar(loader=loader, variables=known).template(trusted(text))


def trusted(text):
    try:
        from ansible.template import trust_as_template
    except ImportError:
        return text
    return trust_as_template(text)


def without_default(role):
    specs = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    return [name for name, spec in specs["main"]["options"].items() if "default" not in spec]


@pytest.mark.parametrize("role", ROLES)
def test_a_null_is_as_not_set(role):
    more = {"edgesite_tpm_tcti": "", "driver_source": "mirror"}
    assert arguments(role, **more, **dict.fromkeys(without_default(role))) == arguments(role, **more)


def test_an_empty_list_of_layouts_is_given():
    assert arguments("mig", mig_layouts=[])["layouts"] == []
