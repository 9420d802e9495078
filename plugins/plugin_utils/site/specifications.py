# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What variables there are: those of the roles, by their specifications, and those of the playbooks."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any, Dict, FrozenSet, Mapping

import yaml

from ...module_utils.site.layers import LAYERS
from ..identity import authority_options

_ROLES = Path(__file__).resolve().parents[3] / "roles"
_REGISTER = re.compile(r"^\s+register: (\w+)$", re.ASCII | re.MULTILINE)
_NAMES = {"type": "list", "elements": "str", "default": []}
# Those of the playbooks; docs/playbooks.md lists them.
PLAYBOOKS: Dict[str, Dict[str, Any]] = {
    "edgesite_allow_reboot": {"type": "bool", "default": False},
    # which is asked for where nothing of a host is evaluated
    "edgesite_exit_on_changes": {"type": "bool", "default": False},
    "edgesite_facts_allowed": {**_NAMES, "split": False},
    "edgesite_hosts": {"type": "raw"},
    "edgesite_identity_end": {
        "type": "str",
        "choices": ["revoked", "decommissioned", "readmitted"],
        "default": "decommissioned",
    },
    "edgesite_plan_expires": {"type": "str", "default": "24h"},
    "edgesite_plan_file": {"type": "str", "default": ""},
    "edgesite_plan_key": {"type": "str", "default": "", "no_log": True},
    "edgesite_plan_out": {"type": "str", "default": ""},
    "edgesite_plan_sha256": {"type": "str", "default": ""},
    "edgesite_report_file": {"type": "str", "default": ""},
    "edgesite_select": {"type": "str", "default": ""},
    "edgesite_serial": {"type": "raw", "default": "100%"},
    "edgesite_tags_allowed": _NAMES,
    "edgesite_tpm_tcti": {"type": "str", "default": ""},
    "edgesite_variables_allowed": _NAMES,
}


@functools.lru_cache(maxsize=None)
def of_roles() -> Mapping[str, Mapping[str, Any]]:
    """The options of each role by their names, with those of their entries."""
    found = {}
    for path in sorted(_ROLES.glob("*/meta/argument_specs.yml")):
        role = path.parents[1]
        options = _loaded(path)["argument_specs"]["main"]["options"]
        # A specification leaves out defaults that the role's page does not show.
        defaults = {name: {"default": value} for name, value in _loaded(role / "defaults" / "main.yml").items()}
        found[role.name] = {name: {**defaults.get(name, {}), **spec} for name, spec in options.items()}
    for layer in LAYERS:
        for name, spec in layer.specs.items():
            found[layer.name][name] = {**found[layer.name][name], **spec}
    authority = found["identity"]["identity_authority"]
    found["identity"]["identity_authority"] = {**authority, "options": authority_options.OPTIONS}
    # Goes to a filter, which splits nothing
    found["report"]["report_hosts"] = {**found["report"]["report_hosts"], "split": False}
    return found


def _loaded(path: Path) -> Dict[str, Any]:
    with open(path, encoding="utf-8") as stream:
        found: Dict[str, Any] = yaml.safe_load(stream)
    return found


@functools.lru_cache(maxsize=None)
def registered() -> FrozenSet[str]:
    """The variables that the roles' own tasks set, which the plays after them have."""
    files = _ROLES.glob("*/tasks/*.yml")
    return frozenset(name for file in files for name in _REGISTER.findall(file.read_text(encoding="utf-8")))
