# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import fan, fan_curves, own_lines
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.fan import State, Wanted
from ansible_collections.edgesite.gpu.tests.unit.shapes import text_of
from hypothesis import given
from hypothesis import strategies as st

TEXT = text_of("jetson", "nvfancontrol_conf/orin-nano")
TWO = TEXT + TEXT.split("POLLING_INTERVAL 2\n")[1].replace("FAN 1", "FAN 2").replace("cool", "loud")


def point(temperature, pwm=255, hysteresis=0, rpm=0):
    return {"temperature": temperature, "hysteresis": hysteresis, "pwm": pwm, "rpm": rpm}


def entry(name="cabinet", *points):
    return {"name": name, "points": list(points or (point(0), point(60, 100, 8, 1100)))}


def curves(*entries):
    return fan_curves.checked(entries or (entry(),), "curves")


def state(text=TEXT, in_force=None):
    return State(text, fan.parse_conf(text), in_force, True)


def test_curve_is_written_as_nvidias_are():
    text = fan_curves.with_curves(TEXT, curves())
    begin = TEXT.index("\tFAN_PROFILE quiet")
    assert (
        text
        == TEXT[:begin]
        + (
            "# edgesite.gpu begins: these lines are overwritten\n"
            "\tFAN_PROFILE cabinet {\n\t\t0\t0\t255\t0\n\t\t60\t8\t100\t1100\n\t}\n"
            "# edgesite.gpu ends\n"
        )
        + TEXT[begin:]
    )
    assert fan.parse_conf(text)[0].profiles == ("cabinet", "quiet", "cool")


def test_every_fan_gets_the_curves():
    assert fan.common(fan.parse_conf(fan_curves.with_curves(TWO, curves()))) == ["cabinet", "quiet"]


@given(st.lists(st.sampled_from(["a", "b", "c"]), unique=True), st.booleans(), st.sampled_from([TEXT, TWO]))
def test_curves_go_as_they_came(names, cut, text):
    text = text.rstrip("\n") if cut else text
    written = fan_curves.with_curves(text, curves(*(entry(name) for name in names)) if names else ())
    assert own_lines.without(written) == text == fan_curves.with_curves(written, ())
    assert fan_curves.with_curves(written, curves(entry("d"))) == fan_curves.with_curves(text, curves(entry("d")))


@given(st.text(), st.lists(st.sampled_from([own_lines.BEGIN, own_lines.END, "FAN_PROFILE x {", "<FAN 2>"])))
def test_any_text_keeps_what_is_not_ours(text, parts):
    whole = "\n".join([text, *parts])
    bare = own_lines.without(whole)
    assert own_lines.without(bare) == bare and own_lines.only(bare) == ""
    assert own_lines.without(fan_curves.with_curves(bare, curves())) == bare


@pytest.mark.parametrize(
    "wrong, problem",
    [
        (entry("a b"), r"curves\[0\].name is 'a b'"),
        (entry("x\n}"), r"curves\[0\].name is "),
        (entry("a", point(0)), r"curves\[0\].points has the temperatures 0, which are not two"),
        (entry("a", point(9), point(9)), "temperatures 9, 9, which are not two or more that rise"),
        (entry("a", point(9), point(5)), "temperatures 9, 5"),
        (entry("a", point(0, 256), point(5)), r"curves\[0\].points\[0\].pwm is 256; allowed are 0 to 255"),
        (entry("a", point(0), point(5, 1, -1)), r"points\[1\].hysteresis is -1"),
        (entry("a", point(-1), point(5)), r"points\[0\].temperature is -1"),
    ],
)
def test_curve_that_no_board_could_have_is_refused(wrong, problem):
    with pytest.raises(EdgesiteError, match=problem) as caught:
        curves(wrong)
    assert caught.value.fix and "\n" not in str(caught.value)


def test_all_wrong_curves_are_told_and_names_are_given_once():
    with pytest.raises(EdgesiteError) as caught:
        curves(entry("a"), entry("a b"), entry("a"))
    assert [error.problem.partition(" is ")[0] for error in caught.value.parts] == ["curves[1].name", "curves[2].name"]


def test_name_of_a_profile_of_the_board_is_refused():
    with pytest.raises(EdgesiteError, match="quiet has the name of a profile of the board"):
        fan_curves.with_curves(TEXT, curves(entry("quiet")))


def test_curve_that_stands_still_when_it_is_hottest_is_refused():
    still_first, still_last = entry("a", point(0, 0), point(90)), entry("a", point(0), point(90, 0))
    with pytest.raises(EdgesiteError, match="fan 1 stands still when it is hottest, which is its first point"):
        fan_curves.with_curves(TEXT, curves(still_first))
    # without TMARGIN temperatures are what they are called
    absolute = TEXT.replace("TMARGIN ENABLED", "TMARGIN DISABLED")
    with pytest.raises(EdgesiteError, match="its last point"):
        fan_curves.with_curves(absolute, curves(still_last))
    fan_curves.with_curves(TEXT, curves(still_last))
    fan_curves.with_curves(absolute, curves(still_first))


def reached(wanted, there):
    (action,) = fan.plan(wanted, there)
    after = fan.after(there, [action])
    assert fan.plan(wanted, after) == []
    return action, after


def test_curve_and_its_profile_are_set_at_once():
    action, after = reached(Wanted("cabinet", curves()), state())
    assert fan.describe(action) == "write the fan curves cabinet, set fan profile cabinet and restart nvfancontrol"
    assert after.in_force == {1: "cabinet"}


def test_curve_alone_keeps_the_profile_in_force():
    action, after = reached(Wanted("", curves()), state(in_force={1: "cool"}))
    assert fan.describe(action).startswith("write the fan curves cabinet") and after.in_force == {1: "cool"}


def test_curves_that_nobody_speaks_of_stay():
    written = fan_curves.with_curves(TEXT, curves())
    assert fan.plan(Wanted("quiet"), state(written)) == []
    action, _after = reached(Wanted("", ()), state(written))
    assert fan.describe(action).startswith("remove own fan curves") and action.text == TEXT


def test_curve_in_force_is_not_removed():
    there = reached(Wanted("cabinet", curves()), state())[1]
    with pytest.raises(EdgesiteError, match="fan curve cabinet is in force.*quiet, cool, or keep the curve"):
        fan.plan(Wanted("", ()), there)
    _action, after = reached(Wanted("cool", ()), there)
    assert after.text == TEXT.replace("PROFILE quiet  #", "PROFILE cool  #")
