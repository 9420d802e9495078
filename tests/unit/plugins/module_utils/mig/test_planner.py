# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from itertools import combinations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.mig import planner
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.actions import (
    EndClient,
    MakeComputeInstance,
    MakeGpuInstance,
    after,
    undo,
)
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.brute import (
    cheapest,
    cheapest_of,
    keepable,
    overlap,
)
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import (
    card,
    cards,
    instance,
    layouts,
    profile,
    states,
    want,
    wants,
    whole,
)
from hypothesis import given
from hypothesis import strategies as st

CASES = cards().flatmap(lambda known: st.tuples(st.just(known), wants(known), st.sampled_from(planner.DISRUPTIONS)))


def planned(known, wanted, disruption="idle"):
    """The card afterwards and the actions."""
    reached = planner.target(known, wanted, disruption)
    actions = planner.steps(known, wanted, reached, disruption)
    return after([known], actions)[0], actions


def held(known):
    """What a card has: per GPU instance profile, start and the slices of its compute instances with all their SMs."""
    return [
        (one.profile, one.start, tuple(sorted((slices for slices, _start in one.whole), reverse=True)))
        for one in known.instances
    ]


def place(inner):
    return inner.slices, inner.start


def is_met(known, wanted):
    """Whether the card has exactly the wanted instances, each where it has to be."""
    left = held(known)
    # those that have a place first, so that none for anywhere takes it
    for one in sorted(wanted, key=lambda one: one.start is None):
        fitting = [have for have in left if (have[0], have[2]) == one[:2] and one.start in (None, have[1])]
        if not fitting:
            return False
        left.remove(fitting[0])
    return not left


# --- what every plan is


def reaches_the_wanted_instances_at_the_cost_told(known, wanted, disruption, reached, actions):
    (then,) = after([known], actions)
    assert is_met(then, wanted)
    assert all(one.compute for one in then.instances)
    calls = [action for action in actions if not isinstance(action, EndClient)]
    destroyed = [action for action in calls if not action.create]
    assert reached.cost[1:] == (
        sum(isinstance(action, MakeGpuInstance) for action in destroyed),
        sum(isinstance(action, MakeComputeInstance) for action in destroyed),
        len(calls),
    )
    assert {(one.profile, start) for one, start in reached.places} == {have[:2] for have in held(then)}
    assert planned(then, wanted, disruption) == (then, [])
    undone = [undo(action) for action in reversed(calls)]
    assert after([then], undone) == [known]


def goes_only_as_far_as_it_may(known, disruption, actions):
    """Nothing overlaps at any time, goes with something in it, or goes with processes on it unless they end first."""
    present = {(one.profile, one.start): {place(inner): inner for inner in one.compute} for one in known.instances}
    clients = {(one.profile, one.start): set(one.clients) for one in known.instances}
    ended = {action.client for action in actions if isinstance(action, EndClient)}
    assert disruption == "force" or not ended
    assert [isinstance(action, EndClient) for action in actions[: len(ended)]] == [True] * len(ended)
    ended_for = set()
    for action in actions[len(ended) :]:
        inside = present.get(action[1:3])
        if action.create:
            if isinstance(action, MakeComputeInstance):
                assert not any(overlap(action.inner_start, action.slices, at, size) for size, at in inside)
                inside[action[3:5]] = None
            else:
                assert not any(overlap(action.start, action.profile.size, at, one.size) for one, at in present)
                present[action[1:3]] = {}
            continue
        assert disruption != "never"
        if isinstance(action, MakeComputeInstance):
            ended_for.update(inside.pop(action[3:5]).clients)
        else:
            assert present.pop(action[1:3]) == {}
            ended_for.update(clients[action[1:3]])
    assert ended_for == ended


@given(CASES)
def test_plan(case):
    """All that is so for every plan; in one test, since the cases take longer to make than to judge."""
    known, wanted, disruption = case
    reached = planner.target(known, wanted, disruption)
    assert (None if reached is None else tuple(reached.cost)) == cheapest(known, wanted, disruption)
    assert planner.target(known, wanted[::-1], disruption) == reached
    if reached is not None:
        actions = planner.steps(known, wanted, reached, disruption)
        reaches_the_wanted_instances_at_the_cost_told(known, wanted, disruption, reached, actions)
        goes_only_as_far_as_it_may(known, disruption, actions)


def test_no_way_costs_less_in_any_case_of_a_card_of_four_slices():
    """Every state, every layout, every set of instances in use; one compute instance in each."""
    cases = 0
    for state in states("A30"):
        instances = {
            busy: [instance(*place, busy=[0] if number in busy else []) for number, place in enumerate(state)]
            for count in range(len(state) + 1)
            for busy in map(frozenset, combinations(range(len(state)), count))
        }
        starts = {busy: card("A30", *present) for busy, present in instances.items()}
        for layout in layouts("A30"):
            stays = keepable(instances[frozenset()], layout)
            wanted = whole(layout)
            for busy, known in starts.items():
                for disruption in ("idle", "force"):
                    found = planner.target(known, wanted, disruption)
                    least = cheapest_of(stays, len(state), len(layout), busy, disruption)
                    assert (None if found is None else tuple(found.cost)) == least, (state, layout, busy, disruption)
                    cases += 1
    assert cases == 2 * 8620


# --- what users see


def test_instance_in_use_stays_where_it_is():
    busy = instance("2g.10gb", 2, busy=[0])
    then, actions = planned(card("A100-40", instance("1g.5gb", 0), busy), [want("3g.20gb"), want("2g.10gb")])
    assert busy in then.instances
    assert [one.start for one in then.instances] == [2, 4]
    assert [type(action).__name__ for action in actions].count("EndClient") == 0


def test_wanted_elsewhere_an_idle_instance_goes_and_one_in_use_does_not():
    wanted = [want("2g.10gb", start=0)]
    then, _actions = planned(card("A100-40", instance("2g.10gb", 4)), wanted)
    assert [one.start for one in then.instances] == [0]
    busy = card("A100-40", instance("2g.10gb", 4, busy=[0]))
    assert planner.target(busy, wanted, "idle") is None
    then, actions = planned(busy, wanted, "force")
    assert [one.start for one in then.instances] == [0]
    assert [action.client.pid for action in actions if isinstance(action, EndClient)] == [1040]


def test_compute_instance_in_use_stays_as_those_beside_it_change():
    known = card("A100-40", instance("3g.20gb", 4, ((1, 0), (1, 1), (1, 2)), busy=[2]))
    then, actions = planned(known, [want("3g.20gb", compute=(2, 1))])
    assert [(inner.slices, inner.start) for inner in then.instances[0].compute] == [(2, 0), (1, 2)]
    assert {type(action) for action in actions} == {MakeComputeInstance}
    assert planner.target(known, [want("3g.20gb")], "idle") is None


def test_process_of_which_nvml_does_not_tell_where_it_runs_keeps_every_compute_instance():
    known = card("A100-40", instance("3g.20gb", 4, ((1, 0), (1, 1)), busy=[None]))
    assert planner.target(known, [want("3g.20gb", compute=(1,))], "idle") is None
    _then, actions = planned(known, [want("3g.20gb", compute=(1, 1, 1))])
    assert len(actions) == 1


def test_compute_instance_with_too_few_multiprocessors_is_made_again():
    wanted, double = [want("1g.20gb", "H100-80")], profile("1g.20gb", "H100-80")
    known = card("H100-80", instance(double, 2, partial=True))
    then, actions = planned(known, wanted)
    assert then == card("H100-80", instance(double, 2))
    assert [(action.create, action.partial) for action in actions] == [(False, True), (True, False)]
    assert after([then], [undo(action) for action in reversed(actions)]) == [known]
    assert planner.target(card("H100-80", instance(double, 2, busy=[0], partial=True)), wanted, "idle") is None


def test_gpu_instance_left_without_a_compute_instance_gets_one():
    then, actions = planned(card("A100-40", instance("3g.20gb", 0, ())), [want("3g.20gb")], "never")
    assert len(actions) == 1
    assert then.instances[0].compute[0].slices == 3


def test_compute_instance_that_could_as_well_be_elsewhere_stays():
    known = card("A100-40", instance("3g.20gb", 0, ((1, 0),)))
    assert planned(known, [want("3g.20gb", compute=(1,))]) == (known, [])


def test_new_instances_leave_the_most_room():
    then, _actions = planned(card("A100-40"), [want("1g.5gb")])
    # at 6, as the driver does it: both 3g.20gb would be lost elsewhere but the one that slice 7 loses anyway
    assert [one.start for one in then.instances] == [6]


def test_layout_that_the_driver_by_itself_only_makes_in_one_order():
    names = ["1g.5gb", "1g.5gb", "2g.10gb", "3g.20gb"]
    then, _actions = planned(card("A100-40"), [want(name) for name in names])
    assert sorted(one.profile.name for one in then.instances) == names


def test_more_than_the_card_has():
    assert "3 of 3g.20gb are wanted" in planner.over_limits(card(), [want("3g.20gb")] * 3)
    both = [want("1g.5gb+me"), want("7g.40gb")]
    assert "they need 6 decoders, but the card has 5" in planner.over_limits(card(), both)
    assert planner.over_limits(card(), [want("3g.20gb")] * 2) == ""


@pytest.mark.parametrize("disruption", planner.DISRUPTIONS)
def test_state_beyond_the_limits_that_profiles_tell_can_stay(disruption):
    # a driver may have more of something than its profiles tell
    one = "1g.5gb+me"
    known = card("A100-40", instance(one, 0), instance(one, 1))
    assert planned(known, [want(one), want(one)], disruption) == (known, [])
    assert planner.target(known, [want(one)] * 3, disruption) is None
