# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.clients import Client
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.mig import planner
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.actions import (
    EndClient,
    MakeComputeInstance,
    MakeGpuInstance,
    SetMode,
    after,
    undo,
)
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.plan import (
    RESETS,
    Policy,
    judge,
    named,
    plan,
    resetting,
    waiting,
)
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import (
    card,
    cards,
    instance,
    profile,
    wants,
)
from hypothesis import given
from hypothesis import strategies as st

IDLE, NEVER, FORCE = Policy(), Policy("never"), Policy("force")
NO_RESET = Policy(reset="never")
BUSY = Client(7, "Xorg")
HIDDEN = Client(0, None)
BUSY_CARD = {"enabled": False, "pending": False, "clients": (BUSY,)}
THREE = profile("3g.20gb")


def off(model="A100-40", **changes):
    return card(model, **{"enabled": False, "pending": False, **changes})


def on(instances=None, **layout):
    return [{"gpus": [{"index": 0}], "mig": "enabled", "instances": instances, **layout}]


DISABLED = [{"gpus": [{"index": 0}], "mig": "disabled"}]


def set_mode(known, enabled, waits=False):
    return SetMode(known.gpu, enabled, not enabled, waits, resets=not waits and not known.resetless)


def made(known, name, start):
    found = next(one for one in known.profiles if one.name == name)
    return [
        MakeGpuInstance(known.gpu, found, start, create=True),
        MakeComputeInstance(known.gpu, found, start, found.slices, 0, create=True),
    ]


def settled(layouts, known, policy=IDLE):
    """The plan, once it is seen to be all that is to be done."""
    actions = plan(layouts, [known], policy).actions
    assert plan(layouts, after([known], actions), policy).actions == []
    return actions


def refused(layouts, known, policy=IDLE):
    with pytest.raises(EdgesiteError) as caught:
        plan(layouts, [known], policy)
    return caught.value


def waited_for(layouts, known, policy):
    return waiting(judge(layouts, known, policy).wanted, known, policy)


# --- the mode


@pytest.mark.parametrize("model", ["A100-40", "H100-80"])
def test_mode_is_turned_on_and_the_instances_are_made(model):
    known = off(model)
    name = "3g.20gb" if model == "A100-40" else "3g.40gb"
    actions = settled(on({"3g": 1}), known)
    assert actions == [set_mode(known, True), *made(known, name, 4)]
    assert resetting(actions) == ([known.gpu] if model == "A100-40" else [])
    assert waited_for(on({"3g": 1}), [known], IDLE) == []
    back = [undo(action) for action in reversed(actions)]
    assert after(after([known], actions), back) == [known]


@pytest.mark.parametrize("policy", [IDLE, FORCE])
def test_mode_is_turned_off_once_the_instances_are_gone(policy):
    known = card("A100-40", instance("3g.20gb", 4))
    actions = settled(DISABLED, known, policy)
    assert actions == [
        MakeComputeInstance(known.gpu, THREE, 4, 3, 0, create=False),
        MakeGpuInstance(known.gpu, THREE, 4, create=False),
        set_mode(known, False),
    ]
    assert after(after([known], actions), [undo(action) for action in reversed(actions)]) == [known]


def test_mode_is_not_turned_off_under_instances_where_nothing_may_be_destroyed():
    known = card("A100-40", instance("3g.20gb", 4))
    told = refused(DISABLED, known, NEVER)
    assert "which would destroy these instances: 3g.20gb on slices 4-7. Set disruption: idle" in str(told)
    assert settled(DISABLED, card("A100-40"), NEVER) == [set_mode(known, False)]


@pytest.mark.parametrize("policy", [IDLE, NEVER])
def test_mode_of_a_card_in_use_stays_and_the_holders_are_told(policy):
    for known, layouts in (
        (card(**BUSY_CARD), on()),
        (card("A100-40", instance("1g.5gb", 0, busy=[0])), DISABLED),
    ):
        told = refused(layouts, known, policy)
        (client,) = known.clients
        assert f"in use by {client.name} (pid {client.pid})" in told.problem
        assert "disruption: force" in told.fix
        (holder,) = told.details["holders"]
        assert (holder["gpu"], holder["pid"], holder["name"]) == ("GPU-0", client.pid, client.name)


def test_force_ends_each_process_once_before_the_mode_changes():
    known = off(clients=(BUSY, Client(8, "cuda"), BUSY))
    assert settled(on(), known, FORCE) == [
        EndClient(known.gpu, BUSY),
        EndClient(known.gpu, Client(8, "cuda")),
        set_mode(known, True),
    ]


@pytest.mark.parametrize(
    "known", [off(clients=(HIDDEN,)), card("A100-40", replace(instance(THREE, 0), clients=(HIDDEN,)))]
)
def test_process_that_has_no_pid_here_is_never_ended(known):
    """A signal to 0 goes to the sender and its group."""
    error = refused(on({"7g.40gb": 1}), known, FORCE)
    assert "in use by a process whose pid the driver does not tell here" in error.problem
    assert "Stop it where it runs" in error.fix and error.details["holders"][0]["pid"] == 0


@pytest.mark.parametrize("layouts", [on({"3g": 1}), on()])
def test_mode_that_needs_a_reset_waits_where_none_may_be(layouts):
    known = off(clients=(BUSY,))
    assert settled(layouts, known, NO_RESET) == []
    assert waited_for(layouts, [known], NO_RESET) == [known]
    # a card that needs none waits for nothing
    assert settled(on({"3g": 1}), off("H100-80"), NO_RESET) != []
    assert waited_for(on(), [off("H100-80")], NO_RESET) == []


def test_layout_that_cannot_be_had_is_told_before_the_reset_it_waits_for():
    assert "3 of 3g.20gb are wanted" in str(refused(on({"3g": 3}), off(), NO_RESET))


@pytest.mark.parametrize("reset", RESETS)
def test_guest_with_the_whole_card_only_has_the_mode_pending(reset):
    policy = Policy(reset=reset)
    known = off(virtualization="passthrough")
    actions = settled(on({"3g": 1}), known, policy)
    assert actions == [set_mode(known, True, waits=True)]
    assert not resetting(actions)
    (then,) = after([known], actions)
    assert (then.enabled, then.pending) == (False, True)
    # it still waits, and another run says so and does nothing
    assert waited_for(on({"3g": 1}), [then], policy) == [then]
    # where no reset is needed, a guest changes the mode as a host does
    hopper = off("H100-80", virtualization="passthrough")
    assert settled(on(), hopper, policy) == [set_mode(hopper, True)]


def test_guest_with_the_whole_card_in_use():
    assert "in use by Xorg" in str(refused(on(), card(virtualization="passthrough", **BUSY_CARD)))


@pytest.mark.parametrize("policy", [IDLE, NO_RESET, FORCE])
@pytest.mark.parametrize(
    ("known", "layouts"),
    [
        (off(virtualization="vgpu_guest"), on()),
        (card(virtualization="vgpu_guest"), on({"3g": 1})),
        (card(virtualization="vgpu_guest"), DISABLED),
    ],
)
def test_vgpu_guest_changes_nothing(known, layouts, policy):
    told = refused(layouts, known, policy)
    assert "which is a vGPU: a guest cannot change it. Set the layout on the host" in str(told)


def test_vgpu_guest_that_is_as_wanted():
    known = card("A100-40", instance("3g.20gb", 4), virtualization="vgpu_guest")
    assert settled(on({"3g": 1}), known) == []


@pytest.mark.parametrize("enabled", [True, False])
def test_pending_change_is_taken_back_without_a_reset(enabled):
    known = card(enabled=enabled, pending=not enabled)
    actions = settled(on() if enabled else DISABLED, known)
    assert [(action.enabled, action.previous) for action in actions] == [(enabled, not enabled)]
    assert not resetting(actions)
    assert after([known], actions) == [replace(known, pending=enabled)]
    assert after(after([known], actions), [undo(actions[0])]) == [known]


def test_card_without_mig_that_shall_be_off_is_as_wanted():
    assert settled(DISABLED, card(enabled=None, pending=None, profiles=())) == []


# --- instances and several cards


def test_layout_without_instances_leaves_them_alone():
    assert settled(on(), card("A100-40", instance("3g.20gb", 4))) == []
    assert len(settled(on([]), card("A100-40", instance("3g.20gb", 4)))) == 2


def test_all_problems_of_all_cards_are_told_at_once():
    host = [card(**BUSY_CARD), off(index=1), card("A30", instance(profile("4g.24gb", "A30"), 0, busy=[0]), index=2)]
    layouts = [
        {"gpus": [{"index": 0}]},
        {"gpus": [{"index": 1}], "instances": {"9g": 1}},
        {"gpus": [{"index": 2}], "instances": {"1g": 1}},
    ]
    _wanted, problems, actions = judge(layouts, host, IDLE)
    assert len(problems) == 3 and actions == []
    with pytest.raises(EdgesiteError) as caught:
        plan(layouts, host, IDLE)
    assert "3 problems, nothing was changed" in str(caught.value)
    for part in ("layouts[1].instances['9g']", "in use by Xorg", "4g.24gb on slices 0-3 is in use by llama-server"):
        assert part in str(caught.value)
    assert [holder["gpu"] for holder in caught.value.details["holders"]] == ["GPU-0", "GPU-2"]


def test_problem_of_one_card_hides_no_actions_of_another_from_who_judges():
    host = [card(**BUSY_CARD), off(index=1)]
    wanted, problems, actions = judge([{"gpus": "all"}], host, IDLE)
    assert len(problems) == 1
    assert actions == [set_mode(host[1], True)]
    assert named(wanted, host) == host
    assert named(judge([{"gpus": [{"index": 1}]}], host, IDLE).wanted, host) == [host[1]]


def written(wants_of_card):
    """Wants in the option's form."""
    return [
        {
            "profile": one.profile.name,
            "placement": one.start,
            "compute_instances": {f"{slices}c": one.compute.count(slices) for slices in one.compute},
        }
        for one in wants_of_card
    ]


BESIDE = [off("A30", index=1), card("A30", index=1), card("A30", instance(profile("1g.6gb", "A30"), 0), index=1)]


@st.composite
def hosts(draw):
    """A card of any state and mode beside one of a few, and layouts for the first or both."""
    known = draw(cards())
    if draw(st.booleans()):
        known = off_or_pending(draw, known)
    beside, layouts = draw(st.sampled_from(BESIDE)), []
    for index in range(draw(st.integers(1, 2))):
        mode = draw(st.sampled_from(["enabled", "enabled", "disabled"]))
        layouts.append({"gpus": [{"index": index}], "mig": mode})
    if layouts[0]["mig"] == "enabled":
        layouts[0]["instances"] = written(draw(wants(known)))
    return [known, beside], layouts, Policy(draw(st.sampled_from(planner.DISRUPTIONS)), draw(st.sampled_from(RESETS)))


def off_or_pending(draw, known):
    kind = draw(st.sampled_from(["off", "pending", "passthrough"]))
    if kind == "pending":
        return replace(known, pending=False)
    virtualization = "passthrough" if kind == "passthrough" else "none"
    return replace(known, enabled=False, pending=False, instances=(), clients=(), virtualization=virtualization)


@given(hosts())
def test_plan_settles_the_cards_named_and_touches_no_other(case):
    host, layouts, policy = case
    wanted, problems, actions = judge(layouts, host, policy)
    assert all(problem.fix for problem in problems)
    chosen = {known.gpu for known in named(wanted, host)}
    assert {action.gpu for action in actions} <= chosen
    then = after(host, actions)
    assert [known.gpu for known in then] == [known.gpu for known in host]
    assert judge(layouts, then, policy).actions == []
    if not problems:
        wait = waiting(wanted, then, policy)
        modes = {layout["gpus"][0]["index"]: layout["mig"] == "enabled" for layout in layouts}
        for known in then:
            if known.gpu in chosen and known not in wait:
                assert known.enabled == known.pending == modes[known.gpu.index]
                assert known.enabled or not known.instances
    if not any(isinstance(action, EndClient) for action in actions):
        back = after(then, [undo(action) for action in reversed(actions)])
        # a change that was pending and came is not pending again
        assert [replace(known, pending=None) for known in back] == [replace(known, pending=None) for known in host]
