# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes the collection off a host, as a plan."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils.common.footprint import Footprint, InForce
from ansible_collections.edgesite.gpu.plugins.module_utils.site import removal
from ansible_collections.edgesite.gpu.plugins.module_utils.site.removal import FOLDER, State
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.sampled_from(["a", "b", "c"])
PATHS = st.builds("{0}/{1}".format, st.sampled_from([FOLDER, FOLDER + "/tls", "/etc/x.d"]), NAMES)
TOLD = st.builds(InForce, NAMES, NAMES, st.just("a reboot"), st.just("a command"), st.booleans())
FOOTPRINTS = st.builds(
    Footprint,
    running=st.tuples(NAMES) | st.just(()),
    files=st.dictionaries(PATHS, NAMES),
    links=st.dictionaries(PATHS, NAMES),
    in_force=st.lists(TOLD, max_size=2).map(tuple),
    seen=st.lists(TOLD, max_size=1).map(tuple),
)


@st.composite
def states(draw):
    """Of a host with some files of others in the same folders."""
    layers = draw(st.dictionaries(st.sampled_from(["gpu", "mig", "tls"]), FOOTPRINTS))
    others = draw(st.sets(PATHS))
    there = others | {path for one in layers.values() for path in (*one.files, *one.links)}
    places = {path.rpartition("/")[0] for path in there} | ({FOLDER} if there else set())
    there |= places
    inside = {
        folder: tuple(sorted(path[len(folder) + 1 :] for path in there if path.rpartition("/")[0] == folder))
        for folder in places
    }
    return State(layers, inside)


@given(states())
def test_a_plan_leads_to_where_nothing_is_to_be_done(state):
    actions = removal.plan(state)
    after = removal.after(state, actions)
    assert removal.plan(after) == []
    assert not removal.render(after)["files"] and not removal.render(after)["folders"]
    assert removal.after(after, []) == after


@given(states())
def test_what_is_in_force_is_told_before_and_after_alike(state):
    after = removal.after(state, removal.plan(state))
    told, later = ({(entry.what, entry.value) for entry in removal.in_force(one)} for one in (state, after))
    assert {what for what, _value in told} == {what for what, _value in later}


@given(states())
def test_no_folder_goes_that_holds_something_of_others(state):
    gone = {path for one in state.layers.values() for path in (*one.files, *one.links)}
    for action in removal.plan(state):
        if isinstance(action, removal.RemoveFolder):
            assert {f"{action.path}/{name}" for name in state.inside[action.path]} <= gone
            gone.add(action.path)


@given(states())
def test_what_stays_in_the_folder_is_named(state):
    after = removal.after(state, removal.plan(state))
    named = [entry.what for entry in removal.kept(state)]
    assert {f"{FOLDER}/{name}" for name in after.inside.get(FOLDER, ())} <= set(named)
