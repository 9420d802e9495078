# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No input makes a plugin end with a traceback, with Python's own words, or with what is no line of text."""

from __future__ import annotations

import random

import pytest
from ansible_collections.edgesite.gpu.tests.unit.fuzz import actions, filters, generator, hosts, modules, variables
from ansible_collections.edgesite.gpu.tests.unit.fuzz.judge import fault, kind, written
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT

MODULES = modules.modules()
ACTIONS = actions.actions()
ON_HOSTS = {name: modules.plugin(name, module) for name, module in MODULES.items()}
OTHERS = {**filters.filters(), **filters.lookups(), **variables.roles()}
SPECS = {
    **{plugin.name: plugin.spec for plugin in (*ON_HOSTS.values(), *OTHERS.values())},
    **{"action " + name: actions.spec(name, found, MODULES) for name, found in ACTIONS.items()},
}
SHARES = generator.shares(SPECS)


def check(plugin, before=lambda rng: None):
    """Tries a plugin's share of the inputs. before: makes what each is tried on."""
    rng = random.Random("{0} {1} world".format(generator.SEED, plugin.name))
    faults = {}
    for case in generator.cases(plugin, SHARES[plugin.name]):
        before(rng)
        generator.note(plugin, case)
        wrong = fault(plugin.run, case.options, rng)
        if wrong:
            faults.setdefault(kind(wrong), "{0}\n  of {1}".format(wrong, written(case.options)))
    seldom = generator.seldom(plugin)
    assert not seldom, "varied fewer than {0} times: {1}".format(generator.LEAST, seldom)
    if faults:
        head = "{0}: {1} kinds of faults, EDGESITE_FUZZ_SEED={2}".format(plugin.name, len(faults), generator.SEED)
        pytest.fail("\n\n".join([head, *faults.values()]), pytrace=False)


def test_every_plugin_is_tried():
    assert {path.stem for path in (ROOT / "plugins/modules").glob("*.py")} == set(ACTIONS)
    assert filters.files() == ["from_inventory", "remove", "site", "site_ca"]
    assert sum(SHARES.values()) >= generator.CASES


@pytest.mark.parametrize("name", sorted(MODULES))
def test_module(name, monkeypatch):
    check(ON_HOSTS[name], lambda rng: hosts.patch(monkeypatch, name, MODULES[name], rng))


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_action(name, monkeypatch, tmp_path):
    def before(rng):
        monkeypatch.undo()
        actions.prepare(tmp_path)
        if name in MODULES:
            hosts.patch(monkeypatch, name, MODULES[name], rng)
        actions.patch(monkeypatch, tmp_path)

    check(actions.plugin(name, ACTIONS[name], tmp_path, MODULES, ON_HOSTS), before)


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_filter_or_lookup_or_role(name):
    check(OTHERS[name])
