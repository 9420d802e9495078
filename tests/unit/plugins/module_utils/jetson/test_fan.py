# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import fan
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.fan import Fan, State, Wanted
from ansible_collections.edgesite.gpu.tests.unit.shapes import text_of
from hypothesis import given
from hypothesis import strategies as st

TEXT = text_of("jetson", "nvfancontrol_conf/orin-nano")
TWO = TEXT + TEXT.split("POLLING_INTERVAL 2\n")[1].replace("FAN 1", "FAN 2").replace("cool", "loud")


def state(text=TEXT, in_force=None, active=True):
    return State(text, fan.parse_conf(text), in_force, active)


def test_conf_of_two_fans():
    assert fan.parse_conf(TWO)[1] == Fan(2, ("quiet", "loud"), "quiet")


def test_conf_without_a_header_is_one_fan():
    text = "FAN_PROFILE quiet {\n}\nFAN_DEFAULT_PROFILE quiet\n"
    assert fan.parse_conf(text) == (Fan(1, ("quiet",), "quiet"),)


@pytest.mark.parametrize(
    "text, problem",
    [
        ("", "line 1: it has no FAN_PROFILE"),
        ("\n<FAN 1>\nFAN_DEFAULT_PROFILE quiet\n", "line 2: fan 1 has no FAN_PROFILE"),
        ("<FAN 3>\nFAN_PROFILE quiet {\n}\n", "line 1: fan 3 has no FAN_DEFAULT_PROFILE"),
        ("FAN_DEFAULT_PROFILE quiet\n", "line 1: fan 1 has no FAN_PROFILE"),
    ],
)
def test_malformed_conf_is_told_with_file_and_line(text, problem):
    with pytest.raises(EdgesiteError) as caught:
        fan.parse_conf(text)
    assert caught.value.problem == "/etc/nvfancontrol.conf, " + problem


@given(st.text())
def test_any_text_is_read_or_refused(text):
    for whole in (text, TEXT + text, "<FAN " + text):
        try:
            assert fan.parse_conf(whole)
        except EdgesiteError as error:
            assert ", line " in error.problem
    fan.parse_query("FAN1:FAN_PROFILE:" + text)


def test_profile_is_set_in_the_text_and_nothing_else():
    (action,) = fan.plan(Wanted("cool"), state())
    assert action.text == TEXT.replace("PROFILE quiet  #", "PROFILE cool  #")
    assert action.previous == TEXT
    assert fan.describe(action) == "set fan profile cool and restart nvfancontrol"
    reached = fan.after(state(), [action])
    assert reached.fans == fan.parse_conf(reached.text)
    assert fan.plan(Wanted("cool"), reached) == []


@pytest.mark.parametrize(
    "in_force, active, rests",
    [
        (None, True, True),
        ({1: "quiet"}, True, True),
        # what the daemon remembers counts more than the default
        ({1: "cool"}, True, False),
        ({1: "quiet"}, False, False),
        (None, False, False),
    ],
)
def test_daemon_has_to_run_with_the_profile(in_force, active, rests):
    assert (fan.plan(Wanted("quiet"), state(TEXT, in_force, active)) == []) == rests


def test_unknown_profile_is_refused_with_a_list():
    with pytest.raises(EdgesiteError, match="profile is loud, .*: quiet, cool.*fans' daemon does not run"):
        fan.plan(Wanted("loud"), state())


def test_profile_that_one_fan_lacks_is_refused():
    with pytest.raises(EdgesiteError, match="their profiles are: quiet. "):
        fan.plan(Wanted("cool"), state(TWO))


def test_query():
    assert fan.parse_query("FAN1:FAN_PROFILE:cool\nFAN1:FAN_GOVERNOR:pid\n") == {1: "cool"}
    assert fan.parse_query("") is None


def test_what_stands_behind_a_form_feed_in_a_comment_stays_a_comment():
    text = "# once\x0cFAN_DEFAULT_PROFILE loud\n" + TEXT
    assert fan.parse_conf(text) == fan.parse_conf(TEXT)
    assert fan.with_default(text, "cool").partition("\n")[0] == text.partition("\n")[0]
    with pytest.raises(EdgesiteError, match="profile is .* that are not allowed in a line of a file"):
        fan.with_default(text, "cool\n\tFAN 2")
