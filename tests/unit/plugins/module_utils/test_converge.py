# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.disruption import RESTART, by
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.converge import (
    WAITS,
    ApplyError,
    Domain,
    converge,
    converge_all,
)
from hypothesis import given
from hypothesis import strategies as st


def told(place):
    return {"does": f"set switch {place}", **by(RESTART, f"lamp {place}")}


class Switches(Domain):
    """Numbered switches; one breaks when set (before it moves, or half-way), some when set back, some are deaf."""

    def __init__(self, there, wanted, breaks_at=None, half_way=False, fault=None, stuck=(), deaf=(), refuses=False):
        self.there = list(there)
        self.wanted = list(wanted)
        self.half_way, self.fault = half_way, fault or EdgesiteError("it is stuck", "Pull harder")
        self.breaks_at, self.stuck, self.deaf, self.refuses = breaks_at, stuck, deaf, refuses
        self.effects = []

    def observe(self):
        return tuple(self.there)

    def plan(self, state):
        return [place for place, want in enumerate(self.wanted) if state[place] != want]

    def predict(self, state, actions):
        return tuple(self.wanted)

    def ready(self, actions):
        if self.refuses:
            raise EdgesiteError("no permission", "Become root")

    def apply(self, action):
        if action == self.breaks_at and not self.half_way:
            raise self.fault
        self.effects.append(action)
        if action not in self.deaf:
            self.there[action] = self.wanted[action]
        if action == self.breaks_at:
            raise self.fault

    def undo(self, action):
        if action in self.stuck:
            raise EdgesiteError("it is jammed")
        self.there[action] = not self.wanted[action]

    def describe(self, action):
        return told(action)

    def render(self, state):
        return dict(enumerate(state))


switches = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=8)


@given(switches)
def test_converge_reaches_what_is_wanted_and_the_second_run_does_nothing(pairs):
    domain = Switches(*zip(*pairs))
    outcome = converge(domain, check=False)
    assert domain.there == domain.wanted
    assert outcome.after == dict(enumerate(domain.wanted))
    domain.effects.clear()
    assert converge(domain, check=False).actions == []
    assert domain.effects == []


@given(switches)
def test_check_tells_the_same_actions_and_does_none(pairs):
    domain = Switches(*zip(*pairs))
    told = converge(domain, check=True)
    assert domain.effects == []
    assert told == converge(domain, check=False)


@given(switches, st.integers(0, 7), st.booleans())
def test_failure_half_way_leaves_the_host_as_it_was(pairs, breaks_at, half_way):
    domain = Switches(*zip(*pairs), breaks_at=breaks_at, half_way=half_way)
    before = domain.observe()
    try:
        converge(domain, check=False)
    except ApplyError as error:
        assert error.undone
        assert domain.observe() == before
        assert "'set switch" in str(error) and "Pull harder" in str(error)


def test_what_cannot_be_taken_back_is_told_exactly():
    domain = Switches([0, 0, 0], [1, 1, 1], breaks_at=2, stuck=(0,))
    with pytest.raises(ApplyError) as caught:
        converge(domain, check=False)
    assert not caught.value.undone
    assert caught.value.done == [told(0)]
    assert "it is jammed" in str(caught.value) and "still done: set switch 0." in str(caught.value)


def test_first_failure_says_that_nothing_was_changed():
    with pytest.raises(ApplyError, match="Nothing was changed"):
        converge(Switches([0], [1], breaks_at=0), check=False)


def test_success_that_is_not_there_is_a_failure():
    with pytest.raises(ApplyError, match="did not take effect: set switch 1"):
        converge(Switches([0, 0], [1, 1], deaf=(1,)), check=False)


def test_host_that_is_not_ready_is_not_touched_and_can_still_be_checked():
    domain = Switches([0], [1], refuses=True)
    with pytest.raises(EdgesiteError, match="no permission"):
        converge(domain, check=False)
    assert domain.effects == []
    assert len(converge(domain, check=True).actions) == 1


def test_fault_that_nobody_foresaw_is_taken_back_too():
    domain = Switches([0, 0], [1, 1], breaks_at=1, half_way=True, fault=KeyError("oops"))
    with pytest.raises(ApplyError, match="KeyError: 'oops'.*undone.*please report it") as caught:
        converge(domain, check=False)
    assert caught.value.undone and domain.there == [0, 0]


def test_what_was_taken_back_is_not_called_perhaps_done():
    domain = Switches([0, 0], [1, 1], breaks_at=1, stuck=(1,))

    def gone():
        raise EdgesiteError("it does not answer", "Reboot")

    domain.apply = lambda action: (action and setattr(domain, "observe", gone), Switches.apply(domain, action))
    with pytest.raises(ApplyError, match=r"this may still be done, wholly or partly: set switch 1\.") as caught:
        converge(domain, check=False)
    assert caught.value.done == [told(1)] and domain.there == [0, 0]


def test_host_that_can_no_longer_be_read_is_not_called_as_it_was():
    domain = Switches([0, 0], [1, 1], breaks_at=1)

    def gone():
        raise EdgesiteError("it is gone", "Bring it back")

    domain.apply = lambda action: (setattr(domain, "observe", gone), Switches.apply(domain, action))
    with pytest.raises(ApplyError, match="can no longer be read.*partly: set switch 0; set switch 1") as caught:
        converge(domain, check=False)
    assert not caught.value.undone and len(caught.value.done) == 2
    fine = Switches([0], [1])
    fine.apply = lambda action: (setattr(fine, "observe", gone), Switches.apply(fine, action))
    with pytest.raises(ApplyError, match="Every step reported success, but then: it is gone.*Bring it back") as caught:
        converge(fine, check=False)
    assert caught.value.done == [told(0)]


def test_actions_are_told_in_one_line():
    domain = Switches([False], [True])
    domain.describe = lambda action: {"does": "write /a\nb", "path": "/a\nb", **by(RESTART, "a\nb")}
    (action,) = converge(domain, check=True).actions
    assert action == {"does": "write /a\\nb", "path": "/a\nb", "disruption": "restart", "of": ["a\\nb"]}


def test_action_that_does_not_say_what_it_interrupts_is_none():
    domain = Switches([False], [True])
    domain.describe = lambda action: {"does": "set it"}
    with pytest.raises(KeyError, match="of"):
        converge(domain, check=True)


def test_action_tells_what_of_its_plan_it_comes_after():
    domain = Switches([0, 0, 0], [1, 1, 1])
    domain.follows = lambda action, earlier: "mode" if 1 in earlier else ""
    for check in (True, False):
        assert converge(domain, check).actions == [told(0), told(1), {**told(2), "after": "mode"}]


@pytest.mark.parametrize("waits", [True, False])
def test_what_waits_for_the_reboot_of_an_earlier_domain_says_so(waits):
    first, at_once, later = Switches([0], [1]), Switches([0, 0], [0, 1]), Switches([0, 0, 0], [0, 0, 1])
    first.extras = lambda before, after: {WAITS: waits}
    later.after_reboot = True
    after = {"after": "reboot"} if waits else {}
    assert converge_all([first, at_once, later], True).actions == [told(0), told(1), {**told(2), **after}]


def test_what_is_wrong_with_domains_that_stand_apart_is_told_together_and_once():
    class Wrong(Switches):
        apart = True

        def plan(self, state):
            raise EdgesiteError(self.problem, "Do this")

    wrong = [Wrong([0], [1]) for _number in range(3)]
    for domain, problem in zip(wrong, ("one", "two", "one")):
        domain.problem = problem
    with pytest.raises(EdgesiteError) as caught:
        converge_all([*wrong, Switches([0], [1])], True)
    assert [part.problem for part in caught.value.parts] == ["one", "two"]
    with pytest.raises(EdgesiteError, match="^one. Do this.$"):
        converge_all(wrong, False)
