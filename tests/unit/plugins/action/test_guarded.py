# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module of the collection runs behind the guard of plugin_utils/inventory_guard.py."""

from __future__ import annotations

import importlib

import pytest
import yaml
from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import GuardedActionBase
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT

PLUGINS = ROOT / "plugins"
MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("name", MODULES)
def test_each_module_has_an_action_that_asks_the_guard(name):
    action = importlib.import_module(f"ansible_collections.edgesite.gpu.plugins.action.{name}").ActionModule
    assert issubclass(action, GuardedActionBase)
    assert action.run is GuardedActionBase.run


@pytest.mark.parametrize("name", MODULES)
def test_options_of_an_action_are_those_that_are_documented(name):
    """Those of an action that has its module take them are the module's, which ansible-test compares."""
    action = importlib.import_module(f"ansible_collections.edgesite.gpu.plugins.action.{name}").ActionModule
    module = importlib.import_module(f"ansible_collections.edgesite.gpu.plugins.modules.{name}")
    documented = yaml.safe_load(module.DOCUMENTATION).get("options") or {}
    taken = getattr(action, "OPTIONS", {})
    assert not taken or set(taken) == set(documented) or hasattr(module, "main") and set(taken) <= set(documented)
    for option, spec in taken.items():
        assert spec["type"] == documented[option]["type"]
        for key in ("elements", "required", "choices"):
            assert not spec.get(key) or spec[key] == documented[option][key]
