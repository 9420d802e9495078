# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.site import plan_file, plan_shape
from ansible_collections.edgesite.gpu.tests.unit.plans import (
    BIG,
    HEAD,
    MODE,
    SMALL,
    layer,
    look,
    looks,
    plan,
    plans,
    sha,
    unread,
)
from hypothesis import given
from hypothesis import strategies as st

MIG = layer("mig", MODE, BIG)
PLANNED = plan_file.entry(look(MIG))


def test_document():
    made = plan(look(layer("gpu"), MIG), unread(), limit=["site-2", "site-1"], tags=["mig", "gpu"])
    assert made == {
        **HEAD,
        "schema": 1,
        "limit": ["site-1", "site-2"],
        "tags": ["gpu", "mig"],
        "hosts": {
            "gpu-a": {
                "apply": True,
                "why": "",
                "observed": sha([sha("observed gpu"), sha("observed mig")]),
                "desired": sha([sha("desired gpu"), sha("desired mig")]),
                "layers": [
                    {
                        "layer": "gpu",
                        "state": "in_order",
                        "after": "",
                        "observed": sha("observed gpu"),
                        "desired": sha("desired gpu"),
                        "actions": [],
                    },
                    {
                        "layer": "mig",
                        "state": "changes",
                        "after": "",
                        "observed": sha("observed mig"),
                        "desired": sha("desired mig"),
                        "actions": [MODE, BIG],
                    },
                ],
            },
            "gpu-b": {
                "apply": False,
                "why": "Connection timed out. Check the cable",
                "observed": "",
                "desired": "",
                "layers": [],
            },
        },
    }


def test_canonical_form():
    assert plan_file.canonical({"b": [1, True], "a": "ü"}) == '{"a":"ü","b":[1,true]}'.encode()


def test_an_inventory_is_its_hosts():
    assert plan_file.inventory(["b", "a", "b"]) == plan_file.inventory(("a", "b")) != plan_file.inventory(["a"])


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (layer("mig", state="problem", problem="It is full", fix="Free one"), "mig: It is full. Free one."),
        (layer("mig", state="unknown", problem="NVML hung", fix="Reboot it"), "mig: NVML hung. Reboot it."),
        (layer("mig", state="unknown"), "mig: its state is not known."),
        (layer("mig", state="unknown", after="driver"), ""),
    ],
)
def test_host_with_a_problem_is_left_out(one, why):
    found = plan_file.entry(look(layer("gpu"), one))
    assert (found["apply"], found["why"]) == (not why, why)


def test_host_that_could_not_be_read_says_why():
    assert plan_file.entry(unread(why=""))["why"] == "it could not be read"


GARBLED = [
    {"layers": 5},
    {"layers": None},
    {"layers": [5]},
    {"layers": [{**MIG, "actions": 5}]},
    {"layers": [{**MIG, "actions": [5]}]},
    {"layers": [{**MIG, "actions": [{"does": 5}]}]},
    {"layers": [{**MIG, "actions": [{**MODE, "disruption": "world peace"}]}]},
    {"layers": [{**MIG, "state": "excellent"}]},
    {"layers": [{**MIG, "desired": "x"}]},
    {"layers": [{**MIG, "layer": ["mig"]}]},
    {"layers": [{**MIG, "layer": "mig\x1b[2J"}]},
    {"layers": [{**MIG, "after": "driver\n"}]},
    {"layers": [MIG, MIG]},
    {"observed": 5},
    {"status": "fine"},
    {"status": ["read"]},
]


@pytest.mark.parametrize("keys", GARBLED, ids=str)
def test_host_that_answers_nonsense_is_left_out(keys):
    found = plan_file.entry(look(**keys))
    assert not found["apply"] and "is not what modules of edgesite.gpu answer" in found["why"]
    assert not plan_shape.flaw(found, plan_shape.HOST)


def test_what_a_host_says_stays_within_its_line():
    (one,) = plan_file.entry(look(layer("mig", {**BIG, "does": "create\n\x1b[2Jgpu-b \ud800"})))["layers"]
    assert one["actions"][0]["does"] == "create \\x1b[2Jgpu-b \\ud800"


def test_action_that_interrupts_nothing_need_not_say_so():
    (one,) = plan_file.entry(look(layer("mig", {"does": BIG["does"]})))["layers"]
    assert one["actions"] == [BIG]


SECRET = "correct horse battery staple"


def with_secrets(value):
    """The value, whose mappings all have a secret more."""
    if isinstance(value, dict):
        more = {"passphrase": SECRET, "token_" + SECRET: 1}
        return {**{name: with_secrets(one) for name, one in value.items()}, **more}
    return [with_secrets(one) for one in value] if isinstance(value, list) else value


@given(looks())
def test_nothing_gets_into_a_plan_that_is_not_named(given_look):
    made = plan(given_look)
    secret = plan_file.made([with_secrets(given_look)], with_secrets(HEAD))
    assert secret == made and SECRET.encode() not in plan_file.canonical(secret)


@given(plans())
def test_a_plan_has_its_shape(made):
    assert plan_shape.flaw(made, plan_shape.PLAN) == ""


def places(value, path=()):
    """The paths to all values in a document."""
    yield path
    if isinstance(value, (dict, list)):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(one, (*path, key))


def with_value(document, path, value):
    if not path:
        return value
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = with_value(document[path[0]], path[1:], value)
    return copy


@pytest.mark.parametrize("path", list(places(plan(look(MIG), unread()))), ids=str)
@pytest.mark.parametrize("value", [None, 1.5, -1.5, (), {"a": 1}, [[]]], ids=str)
def test_a_value_of_another_type_is_found_in_its_place(path, value):
    flaw = plan_shape.flaw(with_value(plan(look(MIG), unread()), path, value), plan_shape.PLAN)
    assert flaw and all(str(part) in flaw for part in path)


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({"schema": True}, "schema is true, but has to be a whole number"),
        ({"apply": 1}, "apply is not known"),
        ({"hosts": []}, "hosts is an empty list, but has to be a mapping"),
        ({"hosts": {"gpu-a": {}}}, "hosts.gpu-a.apply is missing"),
        ({"inventory": "x"}, "inventory is 'x', but has to be a SHA-256 in hexadecimal"),
        ({"tags": [5]}, "tags[0] is 5, but has to be text"),
    ],
)
def test_flaws(change, flaw):
    assert plan_shape.flaw({**plan(look(MIG)), **change}, plan_shape.PLAN) == flaw


def test_no_plan_at_all():
    assert plan_shape.flaw([], plan_shape.PLAN) == "it is an empty list, but has to be a mapping"


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (look(MIG), []),
        (
            look(layer("mig", MODE, BIG, desired=sha("other"))),
            ["the inventory now asks for something else of mig"],
        ),
        (
            look(layer("mig", MODE, BIG, observed=sha("other"))),
            ["what gpu-a has of mig has changed since the plan was made"],
        ),
        (
            look(layer("mig", MODE, {**BIG, "disruption": "destroy", "of": ["GPU 0"]})),
            [
                "mig would now do what is not in the plan: {0} (destroy of GPU 0)".format(BIG["does"]),
                "mig would no longer do what is in the plan: {0}".format(BIG["does"]),
            ],
        ),
        (
            look(layer("mig", MODE, BIG, SMALL)),
            ["mig would now do what is not in the plan: {0}".format(SMALL["does"])],
        ),
        (
            look(layer("mig", BIG)),
            ["mig would no longer do what is in the plan: {0} (reset of GPU 0)".format(MODE["does"])],
        ),
        (look(layer("mig", BIG, MODE)), ["mig would do the same in another order"]),
        (
            look(layer("mig", MODE, BIG, after="driver")),
            ["mig was to be changed and is now to be changed after driver"],
        ),
        (look(), ["mig is in the plan, but not in the inventory or the tags of this run"]),
        (look(MIG, layer("tls")), ["tls is in the inventory and the tags of this run, but not in the plan"]),
        (look(MIG, desired=sha("other")), ["the inventory now asks for something else of gpu-a"]),
        (look(MIG, observed=sha("other")), ["what gpu-a has has changed since the plan was made"]),
        (unread("gpu-a", "No route to host"), ["gpu-a cannot be judged now: No route to host"]),
    ],
)
def test_differences(now, told):
    assert plan_file.differences(PLANNED, now) == told


def test_host_that_the_plan_leaves_out():
    planned = plan_file.entry(unread("gpu-a"))
    told = ["the plan leaves gpu-a out: Connection timed out. Check the cable"]
    assert plan_file.differences(planned, look(MIG)) == told


def test_an_action_twice_is_not_one():
    planned = plan_file.entry(look(layer("mig", SMALL, SMALL)))
    told = ["mig would no longer do what is in the plan: {0}".format(SMALL["does"])]
    assert plan_file.differences(planned, look(layer("mig", SMALL))) == told


def equal(one, other):
    """Whether two looks ask for, see and would do the same, said in another way than the product does."""
    parts = [
        (seen["desired"], seen["observed"], sorted(seen["layers"], key=lambda found: found["layer"]))
        for seen in (plan_file.entry(one), plan_file.entry(other))
    ]
    return parts[0] == parts[1]


@given(looks(), looks())
def test_nothing_differs_exactly_where_all_is_equal(one, other):
    planned, fits = plan_file.entry(one), plan_file.entry(one)["apply"] and plan_file.entry(other)["apply"]
    assert (plan_file.differences(planned, other) == []) == (fits and equal(one, other))


@given(looks(), st.data())
def test_a_single_change_differs(one, data):
    planned = plan_file.entry(one)
    path = data.draw(st.sampled_from([path for path in places(planned) if path and planned["apply"]] or [()]))
    changed = with_value(planned, path, data.draw(st.sampled_from(["", "mig", [], True, sha("d")])))
    if changed != planned and plan_shape.flaw(changed, plan_shape.HOST) == "" and path[0] != "why":
        assert plan_file.differences(changed, one)


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)


@given(looks(), JSON, st.data())
def test_whatever_a_host_says_becomes_an_entry(said, odd, data):
    """The host's name is the controller's."""
    path = data.draw(st.sampled_from([path for path in places(said) if path and path[0] != "host"]))
    changed = with_value(said, path, odd)
    found = plan_file.entry(changed)
    assert plan_shape.flaw(found, plan_shape.HOST) == "" and plan_file.canonical(found)
    assert (plan_file.differences(found, changed) == []) == found["apply"]
