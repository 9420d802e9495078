# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What variables there are: those of the roles, by their specifications, and those of the playbooks."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, Dict, Mapping

import yaml

from ...module_utils.site.layers import LAYERS
from ..identity import authority_options

_ROLES = Path(__file__).resolve().parents[3] / "roles"
_NAMES = {"type": "list", "elements": "str"}
# Those of the playbooks; docs/playbooks.md lists them.
PLAYBOOKS: Dict[str, Dict[str, Any]] = {
    "edgesite_allow_reboot": {"type": "bool"},
    "edgesite_facts_allowed": _NAMES,
    "edgesite_hosts": {"type": "raw"},
    "edgesite_identity_end": {"type": "str", "choices": ["revoked", "decommissioned", "readmitted"]},
    "edgesite_report_file": {"type": "str"},
    "edgesite_serial": {"type": "raw"},
    "edgesite_tags_allowed": _NAMES,
    "edgesite_tpm_tcti": {"type": "str"},
    "edgesite_variables_allowed": _NAMES,
}


@functools.lru_cache(maxsize=None)
def of_roles() -> Mapping[str, Mapping[str, Any]]:
    """The options of each role by their names, with those of their entries."""
    found = {}
    for path in sorted(_ROLES.glob("*/meta/argument_specs.yml")):
        with open(path, encoding="utf-8") as stream:
            found[path.parent.parent.name] = yaml.safe_load(stream)["argument_specs"]["main"]["options"]
    for layer in LAYERS:
        for name, spec in layer.specs.items():
            found[layer.name][name] = {**found[layer.name][name], **spec}
    authority = found["identity"]["identity_authority"]
    found["identity"]["identity_authority"] = {**authority, "options": authority_options.OPTIONS}
    return found
