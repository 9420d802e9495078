# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's plan, by what its layers said."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils import outcome
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError, combined
from ansible_collections.edgesite.gpu.plugins.module_utils.site import host_look

WRONG = outcome.failure(combined([EdgesiteError("one", "a"), EdgesiteError("two", "b")]), 0)
CHANGES = {"actions": [{"does": "install it"}]}
PLAN = {"layers": [], "facts": {}, "left": [], "observed": "", "desired": ""}


def staged(**results):
    entries = [host_look.entry(name, result, "") for name, result in results.items()]
    return {one["layer"]: one for one in host_look.plan(entries, {}, list(results))["layers"]}


def test_each_problem_of_a_layer_keeps_its_fix():
    entry = staged(gpu=WRONG)["gpu"]
    assert entry["problems"] == [{"problem": "one", "fix": "a"}, {"problem": "two", "fix": "b"}]
    assert entry["problem"] == WRONG["msg"] and staged(gpu=CHANGES)["gpu"]["problems"] == []


@pytest.mark.parametrize("lie", [5, [5], [{}], [{"problem": ""}], {}, None])
def test_a_failure_of_any_form_is_told(lie):
    assert [error.problem for error in host_look.problems({"msg": "broken", "problems": lie})] == ["broken"]


def test_a_layer_that_waits_for_the_driver_has_no_problem_yet():
    found = staged(driver=CHANGES, gpu=WRONG, mig=WRONG)
    assert [(found[name]["state"], found[name]["after"]) for name in ("gpu", "mig")] == [
        ("unknown", "driver"),
        ("unknown", "driver"),
    ]


def test_what_is_wrong_with_a_layout_is_so_whatever_the_settings_are():
    assert staged(gpu=CHANGES, mig=WRONG)["mig"]["state"] == "problem"


def test_why_there_is_no_look():
    refused = {"failed": False, **outcome.failure(EdgesiteError("Facts of a would be variables", "Rename them"), 0)}
    silence = host_look.silence("a", {**refused, "failed": False})
    assert (silence.layer, silence.fix) == ("facts", "Rename them")
    assert silence.problem == "The host could not be read: Facts of a would be variables"
    assert host_look.silence("a", {"msg": "no sudo"}).fix == "Check Python and sudo of the login user"
    assert host_look.silence("a", WRONG).problem.endswith(WRONG["msg"])
    assert host_look.silence("a", {"unreachable": True, "msg": "timed out"}).layer == "connection"
    assert host_look.silence("a", {"layers": []}) is None


def test_a_run_in_check_mode_has_the_look_beside_what_failed():
    (look,) = host_look.of_run("a", {"failed": False, "msg": "gpu: range", "layers": {"gpu": {}}, "plan": PLAN})
    assert look == {**PLAN, "host": "a", "status": "read"} == host_look.of_run("a", PLAN)[0]


def test_a_host_that_the_run_leaves_out_is_not_in_the_plan():
    assert host_look.of_run("a", {"skipped": True, "msg": "the plan leaves a out"}) == []


def test_a_host_without_a_look_is_not_read():
    assert [look["status"] for look in host_look.of_run("a", {"msg": "edgesite_tpm_tcti is wrong"})] == ["failed"]
    assert [look["status"] for look in host_look.of_run("a", None)] == ["failed"]
