# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.layouts import (
    Want,
    Wish,
    check,
    fits,
    per_card,
    shown,
    wishes,
)
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import (
    card,
    compute_states,
    profile,
    want,
)
from hypothesis import given
from hypothesis import strategies as st

A100, A30 = card("A100-40"), card("A30", index=1)
NO_MIG = card(index=2, enabled=None, profiles=())
NO_MIG = replace(NO_MIG, gpu=replace(NO_MIG.gpu, name="Tesla T4"))
UNKNOWN = card(index=3, enabled=False, profiles=())
UNKNOWN = replace(UNKNOWN, gpu=replace(UNKNOWN.gpu, name="NVIDIA Z100"))
HOST = (A100, A30, NO_MIG, UNKNOWN)


def wished(layouts, cards=HOST):
    problems, found = wishes(layouts, cards)
    assert problems == []
    return found


def wants_of(instances):
    return list(wished([{"gpus": [{"index": 0}], "instances": instances}])[0].wants)


def refused(layouts, cards=HOST):
    """The problems; what is wrong with one layout keeps no other from being read."""
    problems, _found = wishes(layouts, cards)
    assert problems
    return " ".join(str(problem) for problem in problems)


def refused_instances(instances):
    return refused([{"gpus": [{"index": 0}], "instances": instances}])


@pytest.mark.parametrize(
    ("instances", "expected"),
    [
        ({}, []),
        ([], []),
        ({"3g.20gb": 1, "1g": "2"}, [want("3g.20gb"), want("1g.5gb"), want("1g.5gb")]),
        ({"3g.20gb": 0}, []),
        (["2g", {"profile": "1g+me", "count": None, "placement": None}], [want("2g.10gb"), want("1g.5gb+me")]),
        ([{"profile": "4g.20gb", "placement": "0"}], [want("4g.20gb", start=0)]),
        ([{"profile": "1g", "count": 2}], [want("1g.5gb")] * 2),
        ([{"profile": "1g", "count": 1, "placement": 6}], [want("1g.5gb", start=6)]),
        ([{"profile": "3g", "compute_instances": {"1c": 1, "2C": "1"}}], [want("3g.20gb", compute=(2, 1))]),
        ([{"profile": "1c.3g.20gb"}], [want("3g.20gb", compute=(1,))]),
        ([{"profile": "1c.3g.20gb", "compute_instances": {"2c": 1, "1c": 0}}], [want("3g.20gb", compute=(2,))]),
        # parts of GPU instances share as few as they fit in
        ({"1c.3g.20gb": 3}, [want("3g.20gb", compute=(1, 1, 1))]),
        ({"1c.3g.20gb": 4}, [want("3g.20gb", compute=(1, 1, 1)), want("3g.20gb", compute=(1,))]),
        ({"1c.3g.20gb": 1, "2c.3g.20gb": 1}, [want("3g.20gb", compute=(2, 1))]),
        ({"2c.3g.20gb": 2, "1c.3g.20gb": 1}, [want("3g.20gb", compute=(2, 1)), want("3g.20gb", compute=(2,))]),
        ({"1c.3g.20gb": 1, "3g.20gb": 1}, [want("3g.20gb"), want("3g.20gb", compute=(1,))]),
        ({"3c.3g.20gb": 1, "1c.1g.5gb": 1}, [want("3g.20gb"), want("1g.5gb")]),
    ],
)
def test_instances(instances, expected):
    assert wants_of(instances) == expected


def test_layouts_of_several_cards():
    found = wished(
        [
            {"gpus": [{"model": "A100"}], "mig": "enabled", "instances": {"7g": 1}},
            {"gpus": [{"index": 2}, {"index": 3}], "mig": "disabled", "instances": []},
        ]
    )
    assert found == {
        0: Wish("layouts[0]", True, (want("7g.40gb"),)),
        2: Wish("layouts[1]", False, None),
        3: Wish("layouts[1]", False, None),
    }
    assert wished([]) == {}
    # a card of which the profiles are not known can be turned on, and then tells them
    assert wished([{"gpus": [{"index": 3}]}]) == {3: Wish("layouts[0]", True, None)}
    # one name may mean another profile on each card
    both = wished([{"gpus": [{"index": 0}, {"index": 1}], "instances": {"1g": 1}}])
    assert [wish.wants[0].profile.name for wish in both.values()] == ["1g.5gb", "1g.6gb"]


@pytest.mark.parametrize(
    ("layouts", "message"),
    [
        ({}, "layouts is an empty mapping, not a list"),
        (["all"], "layouts[0] is 'all'"),
        ([{}], "layouts[0] is an empty mapping"),
        ([{"gpus": "all", "instance": {}}], "its keys are gpus, mig and instances"),
        (
            [{"gpus": [{"index": 0}], "mig": True}],
            "layouts[0].mig is true, but has to be enabled or disabled. Write mig: enabled",
        ),
        ([{"gpus": [{"index": 0}], "mig": []}], "layouts[0].mig is an empty list"),
        ([{"gpus": [{"index": 0}], "mig": "disabled", "instances": {"1g": 1}}], "has instances, but mig is disabled"),
        ([{"gpus": [{"index": 9}]}], "layouts[0].gpus[0] is index 9 and matches no GPU"),
        ([{"gpus": "all"}], "asks for MIG on GPU 2 Tesla T4 (GPU-2"),
        ([{"gpus": [{"index": 3}], "instances": {"1g": 1}}], "the driver reports no MIG profiles for GPU 3"),
        (
            [{"gpus": [{"index": 0}]}, {"gpus": [{"index": 1}]}, {"gpus": [{"index": 0}]}],
            "layouts[2] names GPU 0 NVIDIA A100-SXM4-40GB (GPU-0, 0000:17:00.0), which layouts[0] names too",
        ),
    ],
)
def test_layouts_that_are_refused(layouts, message):
    assert message in refused(layouts)


@pytest.mark.parametrize(
    ("instances", "message"),
    [
        ("3g.20gb", "layouts[0].instances is '3g.20gb'"),
        (3, "layouts[0].instances is 3"),
        ({"3g.40gb": 1}, "instances['3g.40gb'] is '3g.40gb', which is not a profile of GPU 0"),
        ({None: 1}, "instances[None]: null is not the name of a profile. Use names such as"),
        ({"3g.20gb": -1}, "instances['3g.20gb'] is -1, not a whole number from 0 to 99"),
        ({"3g.20gb": True}, "is true, not a whole number"),
        ({"3g.20gb": 1.0}, "is 1.0, not a whole number"),
        ({"3g.20gb": None}, "is null, not a whole number"),
        ({"3g.20gb": 100}, "is 100, not a whole number"),
        ({"3g.20gb": "9" * 5000}, "not a whole number"),
        ({"3g.20gb": "\u0663"}, "not a whole number"),
        ({"4c.3g.20gb": 1}, "a 3g.20gb has no room for 4c. Use compute instances that fit its 3 slices: 3c, 2c, 1c"),
        ({"3c.4g.20gb": 1}, "a 4g.20gb has no room for 3c. Use compute instances that fit its 4 slices: 4c, 2c, 1c"),
        ([None], "instances[0] is null, without a profile"),
        ([{"count": 1}], "instances[0] is a mapping, without a profile"),
        ([{"profile": None}], "instances[0] is a mapping, without a profile"),
        ([{"profile": "1g", "start": 0}], "Use a dictionary such as"),
        ([{"profile": ["1g"]}], "instances[0].profile: a list is not the name of a profile"),
        ([{"profile": "1g", "count": "two"}], "instances[0].count is 'two', not a whole number"),
        ([{"profile": "2g.10gb", "placement": 1}], "no 2g.10gb can start on GPU 0"),
        ([{"profile": "2g.10gb", "placement": 1}], "Use one of: 0, 2, 4"),
        ([{"profile": "2g.10gb", "placement": False}], "instances[0].placement is false"),
        ([{"profile": "1g", "placement": 0, "count": 2}], "has a placement and count 2. Write a separate entry"),
        (
            [{"profile": "3g", "compute_instances": {}}],
            "an empty mapping, but has to say how many of which. Use a dictionary such as {'1c': 2}",
        ),
        ([{"profile": "3g", "compute_instances": ["1c"]}], "compute_instances is a list"),
        ([{"profile": "3g", "compute_instances": {"1g": 1}}], "compute_instances['1g'] is not a compute instance"),
        ([{"profile": "3g", "compute_instances": {"1c": 0}}], "compute_instances is empty"),
        ([{"profile": "3g", "compute_instances": {"1c": "x"}}], "compute_instances['1c'] is 'x', not a whole number"),
        ([{"profile": "3g", "compute_instances": {"2c": 2}}], "compute_instances: a 3g.20gb has no room for 2c+2c"),
        ([{"profile": "3g", "compute_instances": {"1c": 99}}], "has no room for 1c+1c"),
    ],
)
def test_instances_that_are_refused(instances, message):
    assert message in refused_instances(instances)


def test_every_problem_is_told():
    told = refused([{"gpus": [{"index": 0}], "instances": {"9g": 1}}, {"gpus": [{"index": 1}], "mig": "on"}, 7])
    for option in ("layouts[0].instances['9g']", "layouts[1].mig", "layouts[2] is 7"):
        assert option in told


def test_everything_that_no_card_can_have_is_told():
    layout = {
        "gpus": [{"modell": "A100"}, {"index": -1}],
        "mig": "on",
        "instances": [
            {"profile": "40gb", "placement": "x", "count": "two", "compute_instances": {"1g": 1, "1c": "y"}},
            {"profile": "1g", "placement": 0, "count": 2},
            {"count": 1},
        ],
    }
    told = [problem.problem for problem in check([layout, {"gpus": "all", "instances": {"40gb": "z"}}])]
    assert [problem.split()[0].rstrip(":") for problem in told] == [
        "layouts[0].gpus[0]",
        "layouts[0].gpus[1].index",
        "layouts[0].mig",
        "layouts[0].instances[0].profile",
        "layouts[0].instances[0].placement",
        "layouts[0].instances[0].count",
        "layouts[0].instances[0].compute_instances['1g']",
        "layouts[0].instances[0].compute_instances['1c']",
        "layouts[0].instances[1]",
        "layouts[0].instances[2]",
        "layouts[1].instances['40gb']",
        "layouts[1].instances['40gb']",
    ]


def test_layouts_that_share_a_card_on_any_host_are_found_without_one():
    layouts = [{"gpus": "all"}, {"gpus": [{"model": "A100"}]}, {"gpus": [{"index": 0}]}, {"gpus": "all", "mig": "on"}]
    assert [problem.problem for problem in check(layouts)] == [
        "layouts[2].gpus names a GPU that layouts[0].gpus names too",
        "layouts[3].gpus names a GPU that layouts[0].gpus names too",
        "layouts[3].mig is 'on', but has to be enabled or disabled",
    ]


def test_all_instances_that_a_card_cannot_have_are_told():
    told = refused_instances({"9g": 1, "4c.3g.20gb": 1, "1g": 1})
    assert "['9g'] is '9g', which is not a profile" in told and "['4c.3g.20gb']: a 3g.20gb has no room" in told
    told = refused_instances([{"profile": "9g"}, {"profile": "2g", "placement": 1}])
    assert "[0].profile is '9g', which is not a profile" in told and "[1].placement is 1, where no 2g" in told


def test_a_host_without_cards_says_so_once():
    assert refused([{"gpus": "all"}, {"gpus": [{"index": 0}]}], ()).count("reports none") == 1


@pytest.mark.parametrize("name", [known.name for known in A100.profiles])
def test_parts_of_gpu_instances_take_as_few_as_fit(name):
    known = profile(name)
    whole = [sorted((slices for slices, _start in state), reverse=True) for state in compute_states(known.slices)]
    for wanted in whole:
        if wanted and wanted != [known.slices]:
            counts = {f"{slices}c.{name}": count for slices, count in Counter(wanted).items()}
            assert wants_of(counts) == [Want(known, tuple(wanted))]
    assert all(fits(known, tuple(state)) for state in whole)


def test_words_for_people():
    assert want("3g.20gb").label() == "3g.20gb"
    assert want("3g.20gb", compute=(2, 1), start=4).label() == "3g.20gb at 4 with 2c+1c"
    assert shown(()) == "no compute instance"


# --- anything at all

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["1g", "3g.20gb", "1c.3g.20gb", "1c", "2c", "all", "enabled", "disabled", "1", "99", "-1", "1e3"])
)
KEYS = st.sampled_from(["1g", "1g.5gb+me", "1c.3g.20gb", "2c.7g", "1c", "4c", "profile", "count", "index"]) | LEAVES
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=5
)
ENTRY = st.fixed_dictionaries(
    {"profile": st.sampled_from(["1g", "3g.20gb", "1c.7g", "4g"]) | LEAVES},
    optional={
        "count": st.integers(0, 2) | LEAVES,
        "placement": st.integers(-1, 7) | LEAVES,
        "compute_instances": st.dictionaries(KEYS, st.integers(0, 3) | LEAVES, max_size=2) | ANYTHING,
    },
)
LAYOUT = st.fixed_dictionaries(
    {"gpus": st.just([{"index": 0}]) | ANYTHING},
    optional={
        "mig": st.sampled_from(["enabled", "disabled"]) | LEAVES,
        "instances": st.lists(ENTRY | LEAVES, max_size=2) | st.dictionaries(KEYS, LEAVES, max_size=2) | ANYTHING,
    },
)


@given(ANYTHING | st.lists(LAYOUT | ANYTHING, max_size=2))
def test_any_layouts_are_wants_of_the_cards_profiles_or_refused(layouts):
    problems, found = wishes(layouts, HOST)
    assert all(isinstance(problem, EdgesiteError) and problem.fix for problem in problems)
    for index, wish in found.items():
        for one in wish.wants or ():
            assert one.profile in HOST[index].profiles
            assert fits(one.profile, one.compute) and one.compute
            assert one.start is None or one.start in one.profile.starts


def test_at_boot_each_card_is_on_its_own():
    here = [card("A100-40"), card("H100-80", index=1)]
    uuids = [one.gpu.uuid for one in here]
    layouts = [{"gpus": "all", "instances": {"1g": 1}}]
    assert per_card(layouts, here) == ([], [dict(layouts[0], gpus=[{"uuid": uuid}]) for uuid in uuids])
    problems, found = per_card([{"gpus": [{"uuid": "GPU-gone"}, {"index": 1}, {"model": "H100"}]}], here)
    assert [entry["gpus"] for entry in found] == [[{"uuid": uuids[1]}]]
    assert len(problems) == 1 and "GPU-gone" in str(problems[0])


@pytest.mark.parametrize(
    ("layout", "says"),
    [
        (7, "mig_layouts[1] is 7"),
        ({"gpus": "some"}, "mig_layouts[1].gpus is 'some'"),
        ({"gpus": "all", "mig": "on"}, "mig_layouts[1].mig is 'on'"),
        ({"gpus": "all", "instances": {"40gb": 1}}, "mig_layouts[1].instances['40gb']: '40gb' is not the name"),
        ({"gpus": "all", "instances": {"1g": 200}}, "mig_layouts[1].instances['1g'] is 200, not a whole number"),
        ({"gpus": "all", "instances": [{"profile": "1g", "count": -1}]}, "mig_layouts[1].instances[0].count is -1"),
        ({"gpus": "all", "instances": [{"profile": "1g", "slot": 1}]}, "mig_layouts[1].instances[0] has slot"),
        (
            {"gpus": "all", "instances": [{"profile": "1g", "compute_instances": {"1g": 1}}]},
            "mig_layouts[1].instances[0].compute_instances['1g'] is not a compute instance",
        ),
    ],
)
def test_what_no_card_can_have_is_found_without_one(layout, says):
    (problem,) = check([{"gpus": [{"model": "A100"}], "instances": {"1g": 1}}, layout], "mig_layouts")
    assert says in problem.problem and problem.fix
