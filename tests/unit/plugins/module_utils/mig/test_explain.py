# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from collections import Counter

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.mig import planner
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.explain import infeasible
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.layouts import Want, Wish
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.names import compute_slices, find
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import (
    card,
    cards,
    instance,
    want,
    wants,
    whole,
)
from hypothesis import given
from hypothesis import strategies as st

CASES = cards().flatmap(lambda known: st.tuples(st.just(known), wants(known), st.sampled_from(planner.DISRUPTIONS)))


def explained(known, wanted, disruption="idle"):
    return infeasible(known, Wish("layouts[0]", True, tuple(wanted)), disruption)


def offered(known, told):
    """The layouts that an error names as nearest, in wants."""
    named = re.match(r"Nearest layouts that fit(?: now)?: (.*?)(?:; or .*)?\Z", told.fix)
    return [[one for text in layout.split(" + ") for one in read(known, text)] for layout in named[1].split("; ")]


def read(known, text):
    """The wants in a text such as 2x 3g.20gb with 2c+1c."""
    count, name, inner = re.match(r"(?:(\d)x )?(\S+)(?: with (\S+))?\Z", text).groups()
    profile = find("", name, known.profiles, "")
    compute = (profile.slices,) if inner is None else tuple(compute_slices(part) for part in inner.split("+"))
    return [Want(profile, compute)] * int(count or 1)


def slices(profiles):
    return sum(profile.size * count for profile, count in profiles.items())


def apart(wanted, other):
    """Memory slices by which two lists of wants differ."""
    one, two = (Counter(each.profile for each in those) for those in (wanted, other))
    return slices(one - two) + slices(two - one)


@given(CASES)
def test_layout_that_cannot_be_had_is_explained_and_the_nearest_ones_can(case):
    known, wanted, disruption = case
    if planner.target(known, wanted, disruption) is not None:
        return
    told = explained(known, wanted, disruption)
    if not told.fix.startswith("Nearest layouts"):
        # no layout keeps a compute instance without all its SMs
        assert any(inner.partial for one in planner.held(known.instances, disruption) for inner in one.compute)
        return
    now = "fit now" in told.fix
    how = disruption if now else "force"
    ways = offered(known, told)
    assert 1 <= len(ways) <= 3
    for way in ways:
        assert planner.target(known, way, how) is not None
    distances = [apart(wanted, way) for way in ways]
    assert distances == sorted(distances)
    # where the wanted layout without one instance can be had, nothing further away is named first
    profiles = [one.profile for one in wanted]
    for left_out in set(profiles):
        rest = list(profiles)
        rest.remove(left_out)
        if rest and distances[0] > left_out.size:
            assert planner.target(known, whole(rest), how) is None
    # who is in the way: every instance that stays, and its processes
    if now:
        for staying in planner.held(known.instances, disruption):
            assert staying.label() in str(told)
            assert disruption == "never" or all(client.label() in str(told) for client in staying.clients)
        pids = {client.pid for staying in known.instances for client in staying.clients}
        assert {holder["pid"] for holder in told.details["holders"]} == pids


def test_instance_in_use_for_which_the_layout_has_no_place():
    known = card("A100-40", instance("2g.10gb", 4, busy=[0]), instance("1g.5gb", 0))
    told = explained(known, [want("3g.20gb"), want("3g.20gb")])
    assert told.problem == (
        "layouts[0].instances cannot be created on GPU 0 NVIDIA A100-SXM4-40GB (GPU-0, 0000:17:00.0) while instances "
        "are in use (the layout has no place for 2g.10gb): 2g.10gb on slices 4-5 is in use by llama-server (pid 1040)"
    )
    assert told.fix == (
        "Nearest layouts that fit now: 3g.20gb + 2g.10gb; 3g.20gb + 2g.10gb + 1g.5gb; 3g.20gb + 2g.10gb + 1g.5gb+me; "
        "or wait until the instances are idle"
    )
    assert told.details == {"holders": [{"gpu": "GPU-0", "pid": 1040, "name": "llama-server", "gpu_instance_id": 4}]}


def test_free_slices_are_fragmented():
    known = card("A100-40", instance("1g.5gb", 2, busy=[0]), instance("1g.5gb", 5, busy=[0]))
    told = explained(known, [want("1g.5gb"), want("1g.5gb"), want("3g.20gb")])
    assert "the free space is fragmented" in told.problem
    assert "1g.5gb on slice 2 is in use by" in told.problem and "1g.5gb on slice 5 is in use by" in told.problem


@pytest.mark.parametrize(
    ("wanted", "nearest"),
    [
        (want("3g.20gb", start=0), "3g.20gb with 2c+1c"),
        (want("3g.20gb"), "3g.20gb with 2c+1c"),
    ],
)
def test_instance_in_use_elsewhere_or_divided_otherwise(wanted, nearest):
    known = card("A100-40", instance("3g.20gb", 4, ((2, 0), (1, 2)), busy=[0]))
    told = explained(known, [wanted])
    assert "the layout needs them at other placements or with other compute instances" in told.problem
    assert told.fix.startswith(f"Nearest layouts that fit now: {nearest}; ")


def test_nothing_may_be_destroyed():
    known = card("A100-40", instance("3g.20gb", 4))
    told = explained(known, [want("4g.20gb")], "never")
    assert told.problem.endswith(
        "without destroying instances, which disruption: never forbids; there are 3g.20gb on slices 4-7"
    )
    assert told.fix.startswith("Nearest layouts that fit now: 4g.20gb + 3g.20gb; 3g.20gb; ")
    assert told.fix.endswith("; or set disruption: idle")
    assert told.details == {"holders": []}


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["3g.20gb"] * 3, "3 of 3g.20gb are wanted, but the card has at most 2"),
        (["7g.40gb", "1g.5gb"], "7g.40gb + 1g.5gb take 9 memory slices, but the card has 8"),
        (["1g.5gb+me", "7g.40gb"], "together they need 6 decoders, but the card has 5"),
        (
            ["1g.5gb"] * 5 + ["2g.10gb", "1g.5gb+me"],
            "2g.10gb + 5x 1g.5gb + 1g.5gb+me do not fit next to each other: 1g.5gb takes 1 slices from "
            "0 or 1 or 2 or 3 or 4 or 5 or 6; 2g.10gb takes 2 slices from 0 or 2 or 4; 1g.5gb+me takes 1 slices from",
        ),
    ],
)
def test_more_than_the_card_can_have(names, problem):
    told = explained(card("A100-40"), [want(name) for name in names])
    assert problem in told.problem
    assert told.fix.startswith("Nearest layouts that fit: ")
    assert "in use" not in str(told)


def test_two_instances_at_one_place():
    told = explained(card("A100-40"), [want("1g.5gb", start=0), want("2g.10gb", start=0)])
    assert "2g.10gb at 0 + 1g.5gb at 0 do not fit next to each other: 1g.5gb takes 1 slices from 0" in told.problem
    assert told.fix.startswith("Nearest layouts that fit: 2g.10gb + 1g.5gb")
