# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at a whole host: each layer says what it would do, and none hides another."""

from __future__ import annotations

import importlib

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.boot.tools import State
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import layer as gpu
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.host import layer as mig
from ansible_collections.edgesite.gpu.plugins.module_utils.site import layers
from ansible_collections.edgesite.gpu.plugins.module_utils.site.host import look as looking
from ansible_collections.edgesite.gpu.plugins.module_utils.site.host.look import Wanted, look
from ansible_collections.edgesite.gpu.plugins.module_utils.tls.host import layer as tls

ROOMS = "ansible_collections.edgesite.gpu.plugins.module_utils."
IN_ORDER = {"changed": False, "actions": []}
ALL = {"gpu": {}, "mig": {}, "tls": {}}


def taken(_spec, _rules, options):
    return options


@pytest.fixture(autouse=True)
def host(monkeypatch):
    """A host whose layers are in order, and without host tools; gives the NVMLs that were opened for it."""
    opened = []

    class Nvml:
        def __init__(self):
            self.closed = 0
            opened.append(self)

        def close(self):
            self.closed += 1

    monkeypatch.setattr(looking, "SharedNvml", Nvml)
    monkeypatch.setattr(looking.facts, "read", lambda *_arguments, **_more: {"unread": []})
    monkeypatch.setattr(looking.host_tools, "observe", lambda: State({}, None))
    for layer in (gpu, mig, tls):
        monkeypatch.setattr(layer, "look", lambda *_arguments: dict(IN_ORDER))
    return opened


@pytest.mark.parametrize("name", [layer.name for layer in layers.LAYERS])
def test_every_layer_can_be_looked_at(name):
    room = ROOMS + looking._ROOMS.get(name, name)
    spec, layer = importlib.import_module(room + ".spec"), importlib.import_module(room + ".host.layer")
    assert spec.OPTIONS and isinstance(spec.RULES, dict) and callable(layer.look)


def test_facts_and_layers_come_with_one_nvml(host):
    told = look(Wanted(ALL), taken)
    assert told == {"facts": {"unread": []}, "layers": dict.fromkeys(ALL, IN_ORDER)}
    assert [one.closed for one in host] == [1]


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (EdgesiteError("It is odd", "Even it"), "It is odd. Even it."),
        (OSError(5, "Input/output error"), "OSError: [Errno 5] Input/output error. This is a bug"),
        (KeyError("\x1b[2J"), "KeyError: "),
        (AssertionError(), "AssertionError: "),
    ],
)
def test_a_layer_that_raises_does_not_hide_the_others(monkeypatch, host, raised, told):
    def broken(*_arguments):
        raise raised

    monkeypatch.setattr(gpu, "look", broken)
    found = look(Wanted(ALL), taken)["layers"]
    assert found["gpu"]["failed"] and told in found["gpu"]["msg"] and found["gpu"]["msg"].isprintable()
    assert found["mig"] == found["tls"] == IN_ORDER
    assert host[0].closed == 1


def test_a_layer_knows_what_earlier_ones_said(monkeypatch):
    monkeypatch.setattr(gpu, "look", lambda *_arguments: {"after": "gpu's"})
    monkeypatch.setattr(mig, "look", lambda _params, _nvml, earlier, _verbosity: dict(earlier["gpu"]))
    assert look(Wanted({"gpu": {}, "mig": {}}), taken)["layers"]["mig"] == {"after": "gpu's"}


def test_what_is_asked_is_checked_for_each_layer_by_itself():
    def check(_spec, _rules, options):
        if options.get("wrong"):
            raise ValueError("wrong is no option")
        return options

    found = look(Wanted({**ALL, "gpu": {"wrong": 1}}), check)["layers"]
    wrong = "What the inventory asks of gpu has the wrong form: wrong is no option."
    assert found["gpu"]["msg"].startswith(wrong) and found["mig"] == IN_ORDER


def test_host_tools_are_looked_at_where_they_are_to_be_there(monkeypatch):
    assert "tools" not in look(Wanted(ALL), taken)["layers"]
    found = look(Wanted(ALL, tools="1234"), taken)["layers"]
    assert list(found) == ["tools", *ALL]
    assert found["tools"]["changed"] and found["tools"]["actions"][0]["does"] == "install the host tools 1234"

    def broken():
        raise EdgesiteError("The folder is a file", "Remove it")

    monkeypatch.setattr(looking.host_tools, "observe", broken)
    found = look(Wanted(ALL, tools="1234"), taken)["layers"]
    assert found["tools"]["msg"] == "The folder is a file. Remove it." and found["gpu"] == IN_ORDER


def test_host_tools_that_are_there_are_in_order(monkeypatch):
    there = State({"a.py": "0" * 64}, "old", True)
    monkeypatch.setattr(looking.host_tools, "observe", lambda: there)
    version = looking.tools.version_of(there.files)
    assert look(Wanted({}, tools=version), taken)["layers"]["tools"]["actions"] == []
    (action,) = look(Wanted({}, tools="1234"), taken)["layers"]["tools"]["actions"]
    assert action["does"] == "replace the host tools old by 1234" and action["version"] == "1234"
