# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan that is applied to one host: what it lists is done, stage by stage, or the host is stopped with words."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.site import plan_apply, plan_file, plan_stage
from ansible_collections.edgesite.gpu.tests.unit.plans import look, unread
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.site.test_plan_stage import Host, did, staged
from hypothesis import given
from hypothesis import strategies as st

NAMES = ["driver", "gpu", "mig"]
SAID = {"failed": False, "changed": False, "actions": [], "before": {}}


def refused(differs):
    return EdgesiteError("The plan does not fit: {0}".format("; ".join(differs)), "Make a new one")


class Run:
    """A run of a plan on a simulated host. faults: by layer, what its module does in place of its work."""

    def __init__(self, host, faults=None, between=None):
        self.host, self.faults, self.between = host, faults or {}, between
        self.planned = plan_file.entry(host.look())

    def results(self):
        stage = plan_stage.first(self.planned, self.host.look())
        told = dict.fromkeys(["tools", *NAMES], SAID)
        return plan_apply.run(stage, told, self._layer, self._look, refused)

    def _layer(self, name):
        fault = self.faults.get(name)
        if fault is None:
            actions = self.host.left[name].pop(0)
            self.host.did += [(name, one["does"]) for one in actions]
            return {"changed": True, "actions": [did(one) for one in actions]}
        return fault

    def _look(self):
        if callable(self.between):
            self.between(self.host)
        return self.between if isinstance(self.between, dict) else self.host.look()


def listed(stages):
    return sorted((name, one["does"]) for name, groups in stages.items() for group in groups for one in group)


@given(staged())
def test_exactly_the_listed_actions_are_done(stages):
    host = Host(stages)
    results = Run(host).results()
    assert sorted(host.did) == listed(stages) and "plan" not in results
    told = [(name, one["does"]) for name, result in results.items() for one in result["actions"]]
    assert sorted(told) == listed(stages)
    assert {name for name, result in results.items() if result["changed"]} == {name for name, _does in told}


FAULTS = st.sampled_from(
    [
        {"failed": True, "msg": "broken"},
        {"unreachable": True, "msg": "gone"},
        {"changed": False},
        {"changed": False, "actions": []},
        {"changed": True, "actions": [{"does": "melt the card"}]},
    ]
)


@given(staged(), st.dictionaries(st.sampled_from(NAMES), FAULTS, min_size=1))
def test_a_layer_that_does_something_else_stops_the_host(stages, faults):
    host = Host(stages)
    results = Run(host, faults).results()
    reached = [name for name in faults if any(stages[name])]
    assert set(host.did) <= set(listed(stages))
    wrong = [one for one in results.values() if one.get("failed") or one.get("unreachable")]
    assert wrong or sorted(host.did) == listed(stages)
    assert bool(wrong) == bool(reached)
    assert all(one["msg"] for one in wrong)


@given(staged(), st.sampled_from(NAMES))
def test_what_came_between_stops_the_host(stages, name):
    def disturb(host):
        host.left[name].insert(0, [{"does": "melt the card", "disruption": "reset", "of": ["GPU 0"], "after": ""}])

    host = Host(stages)
    results = Run(host, between=disturb).results()
    assert (name, "melt the card") not in host.did
    assert ("plan" in results) == bool(listed(stages))


@given(staged())
def test_a_host_that_is_gone_between_keeps_what_was_done(stages):
    host = Host(stages)
    results = Run(host, between=unread(host="gpu-a")).results()
    if listed(stages):
        assert "gpu-a cannot be judged now" in results["plan"]["msg"]
        assert any(one["changed"] for one in results.values())


def test_nothing_more_is_done_once_a_layer_did_what_is_not_listed():
    """The host may have changed after the look, while an earlier layer was at work."""
    one = {"does": "set it", "disruption": "none", "of": [], "after": ""}
    host = Host({"driver": [], "gpu": [[one]], "mig": [[one]]})
    more = {"changed": True, "actions": [did(one), did({**one, "does": "melt the card"})]}
    results = Run(host, {"gpu": more}).results()
    assert host.did == []
    assert "gpu did what is not in the plan: melt the card" in results["plan"]["msg"]


def test_a_layer_that_does_nothing_is_not_asked_for_ever():
    one = {"does": "set it", "disruption": "none", "of": [], "after": ""}
    host = Host({"driver": [], "gpu": [[one]], "mig": []})
    results = Run(host, {"gpu": {"changed": False, "actions": []}}).results()
    told = "The plan does not fit: gpu did nothing of what it has to do. Make a new one."
    assert results["plan"]["msg"] == told and results["plan"]["failed"]


def test_a_layer_that_still_waits_is_told():
    waiting = {"does": "set it", "disruption": "none", "of": [], "after": "reboot"}
    host = Host({"driver": [], "gpu": [], "mig": []})
    now = look(*host.look()["layers"][:2], host.layer("mig", ""), desired=host.look()["desired"])
    now["layers"][2]["actions"] = [waiting]
    stage = plan_stage.first(plan_file.entry(now), now)
    results = plan_apply.run(stage, dict.fromkeys(NAMES, SAID), lambda name: SAID, lambda: now, refused)
    assert "mig still waits" in results["plan"]["msg"]
