# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which layers a run runs on a host, and what it tells; and a host's plan from what its layers say."""

from __future__ import annotations

import json

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.site import host_look, host_run, layers, plan_file
from hypothesis import given
from hypothesis import strategies as st

NAMES = [layer.name for layer in layers.LAYERS]
ACTION = {"does": "set it", "disruption": "none", "of": []}
CHANGES = {"changed": True, "actions": [ACTION], "before": {"a": 1}, "after": {"a": 2}}
IN_ORDER = {"changed": False, "actions": [], "before": {"a": 1}, "after": {"a": 1}}
FAILED = {"failed": True, "msg": "It is\nbroken. Mend it."}
GONE = {"unreachable": True, "msg": "gone"}


def planned(told, refused=()):
    entries = [host_look.entry(name, result, "") for name, result in told.items()]
    return host_look.plan(entries, {}, list(told), refused)["layers"]


def run(told, said, refused=()):
    """The results, and the layers that were run, in order."""
    ran = []

    def layer(name):
        ran.append(name)
        return said.get(name, CHANGES)

    return host_run.run(planned(told, refused), told, layer), ran


LOOKS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from([CHANGES, IN_ORDER, FAILED])).map(
    lambda found: {name: found[name] for name in NAMES if name in found}
)
SAID = st.dictionaries(st.sampled_from(NAMES), st.sampled_from([CHANGES, IN_ORDER, FAILED, GONE]))


@given(LOOKS, SAID)
def test_every_layer_is_run_once_or_told_why_not(told, said):
    results, ran = run(told, said)
    assert len(ran) == len(set(ran)) and ran == [name for name in NAMES if name in ran]
    gone = [name for name, one in results.items() if one.get("unreachable")]
    assert list(results) == list(told)[: list(told).index(gone[0]) + 1] if gone else list(results) == list(told)
    for name, one in results.items():
        below = [other for other in layers.foundations(name) if other in results]
        broken = [other for other in below if results[other].get("failed")]
        changed = any(results[other].get("changed") for other in below)
        assert bool(one.get("left")) == bool(broken)
        if one.get("left"):
            assert one["failed"] and name not in ran and all(other in one["msg"] for other in broken)
        elif told[name] is IN_ORDER:
            assert (name in ran) == changed
        elif told[name] is CHANGES:
            assert name in ran


@given(LOOKS, SAID)
def test_the_result_of_a_host_tells_of_each_layer(told, said):
    results, _ran = run(told, said)
    whole = host_run.result(results)
    assert whole["failed"] == any(one.get("failed") for one in results.values())
    assert whole["changed"] == any(one.get("changed") for one in results.values())
    assert ("unreachable" in whole) == any(one.get("unreachable") for one in results.values())
    for name, one in results.items():
        assert not (one.get("failed") or one.get("unreachable")) or name + ": " in whole["msg"]
    json.dumps(whole)


def test_a_problem_may_be_over_once_what_it_builds_on_has_changed():
    results, ran = run({"driver": CHANGES, "gpu": FAILED}, {})
    assert ran == ["driver", "gpu"] and results["gpu"] == CHANGES
    results, ran = run({"gpu": CHANGES, "tls": FAILED}, {})
    assert ran == ["gpu"] and results["tls"] == FAILED


def test_a_layer_that_is_wrong_whatever_the_host_is_like_stays_a_problem():
    told = {"driver": CHANGES, "gpu": FAILED, "mig": IN_ORDER}
    assert [one["state"] for one in planned(told, ["gpu"])] == ["changes", "problem", "in_order"]
    results, ran = run(told, {}, ["gpu"])
    assert ran == ["driver"] and results["gpu"] == FAILED and results["mig"]["left"]


def test_a_layer_that_waits_says_for_what():
    found = planned({"driver": CHANGES, "gpu": FAILED, "mig": FAILED})
    assert [(one["state"], one["after"]) for one in found] == [
        ("changes", ""),
        ("unknown", "driver"),
        ("unknown", "driver"),
    ]
    assert found[1]["problem"] == "It is broken. Mend it."


def test_diffs_are_of_what_changed():
    done = {"gpu": {**CHANGES, "before": 1, "after": 2}, "mig": {**IN_ORDER, "before": 1, "after": 1}}
    assert host_run.result(done)["diff"] == [
        {"before": 1, "after": 2, "before_header": "gpu", "after_header": "gpu"},
    ]


@pytest.mark.parametrize("odd", [None, 7, "text", {}, [None], [{"msg": "x"}]])
def test_warnings_of_layers_are_shown(odd):
    warned = {**CHANGES, "warnings": ["TLS\nwill fail"]}
    result = host_run.result({"gpu": {**CHANGES, "warnings": odd}, "identity": warned, "tls": CHANGES})
    assert result["warnings"] == ["identity: TLS will fail"]
    assert "warnings" not in host_run.result({"tls": CHANGES})


@given(LOOKS)
def test_a_plan_has_the_form_that_is_kept(told):
    look = host_look.of_result("gpu-1", host_look.plan([host_look.entry(n, r, "") for n, r in told.items()], {}, told))
    entry = plan_file.entry(look)
    assert entry["apply"] or any(one is FAILED for one in told.values())
    assert [one["layer"] for one in entry["layers"]] == list(told)


@pytest.mark.parametrize(
    ("result", "status", "told"),
    [
        (None, "failed", "it gave no answer"),
        ("x", "failed", "it gave no answer"),
        ({}, "failed", "it gave no answer"),
        ({"failed": False, "msg": "took\ntoo long"}, "failed", "took too long"),
        ({"failed": True, "msg": "\x1b[2J", "layers": []}, "failed", "\\x1b[2J"),
        ({"unreachable": True, "msg": "Connection\ntimed out"}, "unreachable", "Connection timed out"),
        ({"layers": []}, "read", ""),
    ],
)
def test_whatever_a_task_ends_with_is_a_look(result, status, told):
    look = host_look.of_result("gpu-1", result)
    assert (look["host"], look["status"], look["layers"]) == ("gpu-1", status, [])
    assert told in look.get("why", "")


def test_what_a_host_says_of_an_action_is_one_line():
    (action,) = host_look.entry("gpu", {"actions": [{"does": "set\n\x1b[2J it"}]}, "")["actions"]
    assert action["does"] == "set \\x1b[2J it"
