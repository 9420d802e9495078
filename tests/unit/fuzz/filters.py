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
from ansible_collections.edgesite.gpu.plugins.module_utils.site import report
from ansible_collections.edgesite.gpu.tests.unit.fuzz.generator import Plugin
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT

# its arguments are a filter's options
_ARGUMENTS = {
    "site_ca_problem": [
        {"passphrases": {"site_ca_passphrase": "secret"}, "folder": "/nowhere/ca", "days": {"site_ca_crl_days": 30}}
    ],
}
# What hosts answer is what can be wrong of a filter over a site: the rest is from our playbooks, and from Ansible.
_CHANGED = {"changed": True, "actions": [{"does": "set it"}], "reboot_required": True}
_FACTS = {
    "gpus": [{"name": "NVIDIA T4"}],
    "jetson": {"model": "Jetson"},
    "accelerators": [{"vendor_id": "1002", "name": "MI300"}],
    "tpm": {"present": True},
}
_RUN = {"facts_result": _FACTS, **{layer + "_result": _CHANGED for layer in report.LAYERS}}
_FAILED = {**_RUN, "edgesite_result": {"failed": True, "msg": "no"}, "driver_result": {"unreachable": True}}
_REMOVED = {
    "actions": [{"does": "remove it"}],
    "kept": [{"what": "/etc/a", "why": "a key", "by_hand": "rm /etc/a"}],
    "in_force": [{"what": "power_limit", "value": "300 W", "until": "a reboot", "by_hand": "nvidia-smi"}],
}
_REMOVALS = [{"remove_result": _REMOVED}, {"remove_result": {"failed": True, "msg": "no"}}]


def _rows(answers):
    return site.site_rows({"gpu-1": answers}, ["gpu-1"])


_OVER_A_SITE = {
    "remove_table": (lambda answers: remove.remove_table({"gpu-1": answers}, ["gpu-1"]), _REMOVALS),
    "site_rows": (_rows, [_RUN, _FAILED]),
    "site_table": (lambda answers: site.site_table(_rows(answers)), [_RUN, _FAILED]),
}


def filters():
    """Every filter, for the generator."""
    functions = {name: one for file in (remove, site, site_ca) for name, one in file.FilterModule().filters().items()}
    assert set(functions) == {*_ARGUMENTS, *_OVER_A_SITE}
    return {
        **{name: _of_arguments(name, functions[name], good) for name, good in _ARGUMENTS.items()},
        **{name: _of_answers(name, *known) for name, known in _OVER_A_SITE.items()},
    }


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


def _of_arguments(name, function, good):
    spec = {argument: {} for argument in inspect.signature(function).parameters}
    return Plugin("filter " + name, spec, good, lambda options, _rng: _text(function(**options)))


def _of_answers(name, function, good):
    spec = {answer: {} for one in good for answer in one}
    return Plugin("filter " + name, spec, good, lambda answers, _rng: _text(function(answers)))


def _text(answer):
    """A table is lines of text, which are judged one by one; anything else is data, and judged as JSON has it."""
    if isinstance(answer, str):
        return {"lines": answer.split("\n")}
    return {"lines": [json.dumps(answer)]}
