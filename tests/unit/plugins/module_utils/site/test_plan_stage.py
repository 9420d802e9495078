# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan is applied stage by stage, and nothing that it does not list is ever done."""

from __future__ import annotations

import collections
import contextlib

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.site import plan_file, plan_stage
from ansible_collections.edgesite.gpu.tests.unit.plans import ACTIONS, BIG, MODE, SMALL, layer, look, sha, unread
from hypothesis import given
from hypothesis import strategies as st

INSTALL = {"does": "install nvidia-driver-550", "disruption": "restart", "of": ["dcgm.service"], "after": ""}
LATE = {**BIG, "after": "mode"}
DRIVER, MIG = layer("driver", INSTALL), layer("mig", MODE, LATE)
EXPECTED = layer("mig", MODE, LATE, after="driver", state="unknown")
Next = collections.namedtuple("Next", "now later differs", defaults=((), (), ()))
# The same, once the driver is there
NO_DRIVER, SEEN = layer("driver", observed=sha("550")), layer("mig", MODE, LATE, observed=sha("A100"))
IN_ORDER = layer("mig", observed=sha("3g.20gb"))
PLANNED = plan_file.entry(look(DRIVER, EXPECTED))
CHANGED = "what gpu-a has of {0} has changed since the plan was made"


def as_asked(*layers):
    """A look whose inventory is still the plan's."""
    return look(*layers, observed=sha("now"), desired=PLANNED["desired"])


def next_of(stage):
    """What can be done now, what waits, and what differs; a host that differs does nothing."""
    assert not (stage.differs and (stage.now or stage.later or stage.done))
    return Next(stage.now, stage.later, stage.differs)


def first(planned, now):
    return next_of(plan_stage.first(planned, now))


def next_stage(planned, now, done):
    return next_of(plan_stage.next_stage(planned, now, done))


def did(action):
    """As a module returns an action; it does not know what the plan had it wait for."""
    return {name: value for name, value in action.items() if name != "after"}


def test_a_layer_reboots_a_host_only_where_that_is_listed():
    boots = {"does": "reboot", "disruption": "reboot", "of": [], "after": ""}
    planned = plan_file.entry(look(layer("driver", INSTALL, boots), layer("mig", MODE)))
    assert [plan_stage.reboots(planned, name) for name in ("driver", "mig", "tls")] == [True, False, False]


def test_at_first_a_host_is_exactly_as_planned():
    assert first(PLANNED, look(DRIVER, EXPECTED)) == Next(("driver",), ("mig",))


def test_what_is_expected_comes_after_the_driver():
    found = next_stage(PLANNED, as_asked(NO_DRIVER, SEEN), {"driver": [did(INSTALL)]})
    assert found == Next(("mig",))


def test_what_waits_for_a_mode_comes_after_it():
    done = {"driver": [did(INSTALL)], "mig": [did(MODE)]}
    found = next_stage(PLANNED, as_asked(NO_DRIVER, layer("mig", BIG, observed=sha("MIG"))), done)
    assert found == Next(("mig",))


def test_what_still_waits_is_for_later():
    done = {"driver": [did(INSTALL)], "mig": [did(MODE)]}
    assert next_stage(PLANNED, as_asked(NO_DRIVER, layer("mig", LATE)), done) == Next((), ("mig",))


def test_at_the_end_nothing_is_left():
    done = {"driver": [did(INSTALL)], "mig": [did(MODE), did(BIG)]}
    assert next_stage(PLANNED, as_asked(NO_DRIVER, IN_ORDER), done) == Next()


@pytest.mark.parametrize(
    ("now", "done", "told"),
    [
        (
            layer("mig", MODE, {**SMALL, "after": "mode"}),
            {},
            [
                "mig would now do what is not in the plan: {0}".format(SMALL["does"]),
                "mig would no longer do what is in the plan: {0}".format(BIG["does"]),
            ],
        ),
        (
            layer("mig", MODE),
            {},
            ["mig would no longer do what is in the plan: {0}".format(BIG["does"])],
        ),
        (
            layer("mig", MODE, BIG),
            {"mig": [MODE]},
            ["mig would now do what is not in the plan: {0} (reset of GPU 0)".format(MODE["does"])],
        ),
        (
            layer("mig", MODE, BIG),
            {"mig": [SMALL]},
            ["mig did what is not in the plan: {0}".format(SMALL["does"])],
        ),
        (
            layer("mig", MODE, BIG),
            {"tls": [{"does": "write /etc/nginx/nginx.conf"}]},
            ["tls did what is not in the plan: write /etc/nginx/nginx.conf"],
        ),
        (
            layer("mig", MODE, BIG, desired=sha("other")),
            {},
            ["the inventory now asks for something else of mig"],
        ),
        (
            layer("mig", state="problem", problem="NVML hung", fix="Reboot it"),
            {},
            ["gpu-a cannot be judged now: mig: NVML hung. Reboot it."],
        ),
    ],
)
def test_what_is_not_as_expected_stops_the_host(now, done, told):
    found = next_stage(PLANNED, as_asked(NO_DRIVER, now), {"driver": [did(INSTALL)], **done})
    assert found == Next(differs=tuple(told))


def test_what_could_not_be_foreseen_is_not_done():
    """The file lists nothing for the layer, so whatever is found after the driver takes a new plan."""
    planned = plan_file.entry(look(DRIVER, layer("mig", after="driver", state="unknown")))
    now, done = look(NO_DRIVER, layer("mig", BIG), desired=planned["desired"]), {"driver": [did(INSTALL)]}
    told = "mig would now do what is not in the plan: {0}".format(BIG["does"])
    assert next_stage(planned, now, done) == Next(differs=(told,))
    assert next_stage(planned, look(NO_DRIVER, IN_ORDER, desired=planned["desired"]), done) == Next()


def test_host_that_is_gone_after_a_stage():
    found = next_stage(PLANNED, unread("gpu-a", "No route to host"), {"driver": [INSTALL]})
    assert found == Next(differs=("gpu-a cannot be judged now: No route to host",))


@pytest.mark.parametrize(
    ("now", "stage"),
    [
        (as_asked(NO_DRIVER, IN_ORDER), Next()),
        (as_asked(NO_DRIVER, SEEN), Next(("mig",))),
        (as_asked(NO_DRIVER, layer("mig", BIG, observed=sha("MIG"))), Next(("mig",))),
        (as_asked(NO_DRIVER, EXPECTED), Next((), ("mig",))),
    ],
    ids=["done", "the driver is done", "the mode is done, too", "the driver is not loaded"],
)
def test_a_file_is_given_again_after_a_broken_run(now, stage):
    assert first(PLANNED, now) == stage


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (
            as_asked(NO_DRIVER, layer("mig", SMALL, observed=sha("A100"))),
            CHANGED.format("driver"),
        ),
        (as_asked(NO_DRIVER, layer("mig", MODE, observed=sha("A100"))), CHANGED.format("driver")),
        (as_asked(NO_DRIVER, layer("mig", LATE, MODE)), CHANGED.format("driver")),
        (as_asked(DRIVER, layer("mig", MODE, LATE, after="driver", observed=sha("x"))), CHANGED.format("mig")),
        (as_asked(layer("driver", INSTALL, observed=sha("x")), EXPECTED), CHANGED.format("driver")),
        (look(NO_DRIVER, IN_ORDER, desired=sha("other")), CHANGED.format("driver")),
        (
            look(NO_DRIVER, layer("mig", desired=sha("x")), desired=PLANNED["desired"]),
            "the inventory now asks for something else of mig",
        ),
        (as_asked(NO_DRIVER), "mig is in the plan, but not in the inventory or the tags of this run"),
        (as_asked(NO_DRIVER, IN_ORDER, layer("tls")), "tls is in the inventory and the tags of this run, but not in"),
    ],
    ids=[
        "other actions",
        "the last one is missing",
        "another order",
        "the driver is not done",
        "another driver",
        "another inventory",
        "another layout",
        "a layer less",
        "a layer more",
    ],
)
def test_what_no_broken_run_leaves_is_refused(now, told):
    found = first(PLANNED, now)
    assert (found.now, found.later) == ((), ()) and any(one.startswith(told) for one in found.differs), found


def test_run_that_was_broken_in_the_middle_of_a_layer_takes_a_new_plan():
    planned = plan_file.entry(look(layer("mig", BIG, SMALL)))
    now = look(layer("mig", SMALL, observed=sha("x")), desired=planned["desired"])
    assert CHANGED.format("mig") in first(planned, now).differs


def test_layer_that_had_nothing_to_do_has_changed_beside_one_that_has():
    planned = plan_file.entry(look(layer("gpu"), MIG))
    now = look(layer("gpu", observed=sha("x")), MIG, desired=planned["desired"])
    assert first(planned, now).differs == (CHANGED.format("gpu"),)


def test_host_that_the_plan_leaves_out_is_left_alone():
    planned = plan_file.entry(unread("gpu-a"))
    told = "the plan leaves gpu-a out: Connection timed out. Check the cable"
    assert first(planned, look(MIG)) == Next(differs=(told,))
    assert next_stage(planned, look(MIG), {}) == Next(differs=(told,))


def unstaged(actions):
    return [{**one, "after": ""} for one in actions]


@given(st.lists(ACTIONS, max_size=4), st.lists(ACTIONS, max_size=4), st.integers(0, 4))
def test_only_what_is_listed_and_not_done_is_let_through(listed, others, number):
    """Whatever is left: what goes on is the rest of the list, and what is the rest of the list goes on."""
    planned = plan_file.entry(look(layer("mig", *listed)))
    done, rest = listed[:number], listed[number:]
    for left in (rest, others, listed):
        now = look(layer("mig", *left, observed=sha("x")), desired=planned["desired"])
        found = next_stage(planned, now, {"mig": done})
        assert (not found.differs) == (unstaged(left) == unstaged(rest))


@given(st.lists(ACTIONS, max_size=4), st.lists(ACTIONS, max_size=4), st.sampled_from(["", "driver"]))
def test_no_run_begins_with_what_is_not_listed(listed, now, after):
    planned = plan_file.entry(look(layer("mig", *listed, after=after)))
    found = first(planned, look(layer("mig", *now, observed=sha("x")), desired=planned["desired"]))
    assert not (found.now or found.later) or not plan_file.less(unstaged(now), unstaged(listed))
    assert not (found.now or found.later) or unstaged(listed)[len(listed) - len(now) :] == unstaged(now)


class Broken(Exception):
    """The controller was killed."""


class Host:
    """One whose layers do their actions in stages; the second layer waits for the first one, as MIG for a driver."""

    def __init__(self, stages):
        self.left = {name: [list(group) for group in groups if group] for name, groups in stages.items()}
        self.did = []

    def look(self):
        waits = "driver" if self.left["driver"] else ""
        return look(*(self.layer(name, waits if name == "mig" else "") for name in self.left), desired=sha("same"))

    def layer(self, name, after):
        begin, *later = self.left[name] or [[]]
        stages = ("mode", "reboot")[2 - len(later) :]
        actions = [*begin, *({**one, "after": stage} for stage, group in zip(stages, later) for one in group)]
        observed = sha([name, self.left[name], after])
        return layer(name, *actions, after=after, observed=observed)

    def run(self, planned, kill=0):
        """As a playbook applies a plan. kill: after how many layers that did something the controller is killed."""
        stage = plan_stage.first(planned, self.look())
        while stage.now:
            done = {}
            for name in stage.now:
                done[name] = [did(one) for one in self.left[name][0]]
                self.did += [(name, one["does"]) for one in self.left[name].pop(0)]
                kill -= 1
                if not kill:
                    raise Broken
            stage = plan_stage.next_stage(stage.left, self.look(), done)
        return stage


@st.composite
def staged(draw):
    """By layer, its actions in stages, each of which is another one."""
    numbers = iter(range(100))
    groups = st.lists(st.integers(0, 3), max_size=3)

    def group(size):
        return [{**BIG, "does": "step {0}".format(next(numbers))} for _one in range(size)]

    return {name: [group(size) for size in draw(groups)] for name in ("driver", "gpu", "mig")}


@given(staged(), st.lists(st.integers(1, 4), max_size=4))
def test_a_plan_is_done_once_however_often_its_runs_are_broken(stages, kills):
    host = Host(stages)
    planned = plan_file.entry(host.look())
    listed = [(name, one["does"]) for name, groups in stages.items() for group in groups for one in group]
    for kill in kills:
        try:
            assert host.run(planned, kill).done
        except Broken:
            assert set(host.did) <= set(listed)
    assert host.run(planned).done
    assert sorted(host.did) == sorted(listed)


@given(staged(), st.integers(1, 4), st.sampled_from(["driver", "gpu", "mig"]))
def test_what_came_between_is_never_done(stages, kill, name):
    """Somebody else undoes something while the run is broken off."""
    host = Host(stages)
    planned = plan_file.entry(host.look())
    with contextlib.suppress(Broken):
        host.run(planned, kill)
    host.left[name].insert(0, [{**BIG, "does": "what nobody approved"}])
    stage = host.run(planned)
    assert stage.differs and (name, "what nobody approved") not in host.did
