# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters and lookups."""

from __future__ import annotations

import inspect
import json
from types import SimpleNamespace

from ansible_collections.edgesite.gpu.plugins.filter import remove, site, site_ca
from ansible_collections.edgesite.gpu.plugins.lookup.from_inventory import LookupModule
from ansible_collections.edgesite.gpu.tests.unit.fuzz.examples import SETTINGS
from ansible_collections.edgesite.gpu.tests.unit.fuzz.generator import Plugin
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT
from ansible_collections.edgesite.gpu.tests.unit.plugins.filter.test_site import GOOD

_WANTED = {
    "gpu_settings": [SETTINGS],
    "mig_layouts": [{"gpus": "all", "instances": ["1g.5gb"]}],
    "jetpack_version": "6.2",
    "driver_branch": "550",
}
_HOSTVARS = {"gpu-1": {**GOOD, **_WANTED}, "gpu-2": {"facts_result": {"unreachable": True, "msg": "no route"}}}
_DONE = {"gpu-1": {**GOOD, **_WANTED, "edgesite_done": True}, "gpu-2": {"preflight_failure": "no"}}
_ROW = {"host": "gpu-1", "status": "ok", "why": "", "changed": []}
_FOLDER = "/nowhere/ca"
_REMOVED = {"gpu-1": {"remove_result": {"actions": [{"does": "remove it"}], "kept": [], "in_force": []}}}
EXAMPLES = {
    "remove_table": [{"hostvars": _REMOVED, "hosts": ["gpu-1"], "check": False}],
    "preflight_problems": [{"hostvars": _HOSTVARS, "hosts": ["gpu-1", "gpu-2"]}],
    "preflight_table": [{"problems": [["gpu-1", "driver", "It is broken.", "Mend it."]]}],
    "site_rows": [{"hostvars": _DONE, "hosts": ["gpu-1", "gpu-2"]}],
    "site_table": [{"rows": site.site_rows(_DONE, ["gpu-1", "gpu-2"]), "check": True}],
    "site_ca_problem": [{"passphrases": {"site_ca_passphrase": "secret"}, "folder": _FOLDER}],
}


def filters():
    """Every filter, for the generator; its arguments are its options."""
    found = {name: one for file in (remove, site, site_ca) for name, one in file.FilterModule().filters().items()}
    return {name: _plugin("filter " + name, function, EXAMPLES[name]) for name, function in found.items()}


def lookups():
    """Every lookup, for the generator."""
    good = [{"_terms": ["/srv/a"], "edgesite_facts_allowed": ["mine"]}]
    return {"from_inventory": Plugin("lookup from_inventory", dict.fromkeys(good[0], {}), good, _look_up)}


def _look_up(options, _rng):
    """On a host that told of a fact that is nobody's."""
    cache = SimpleNamespace(get=lambda host: {"mine": 1})
    hostvars = SimpleNamespace(_variable_manager=SimpleNamespace(_fact_cache=cache))
    variables = {**options, "inventory_hostname": "gpu-1", "hostvars": hostvars, "ansible_facts": {}}
    LookupModule().run(options["_terms"], variables)
    return ""


def files():
    """The files of plugins of these kinds, to see that none was forgotten."""
    return sorted(path.stem for kind in ("filter", "lookup") for path in (ROOT / "plugins" / kind).glob("*.py"))


def _plugin(name, function, good):
    spec = {argument: {} for argument in inspect.signature(function).parameters if argument != "kwargs"}
    return Plugin(name, spec, good, lambda options, _rng: _text(function(**options)))


def _text(answer):
    """A table is lines of text, which are judged one by one; of anything else, what a template would get."""
    if isinstance(answer, str):
        return {"lines": answer.split("\n")}
    return {"lines": [json.dumps(answer, default=str, ensure_ascii=False)]}
