# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nvidia_drm in a plan: when it is in the way, when it can be unloaded, and that it is always loaded again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.clients import Client
from ansible_collections.edgesite.gpu.plugins.module_utils.mig import drm
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.actions import EndClient, SetMode
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.drm import Drm, SwitchModule
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import card
from hypothesis import given
from hypothesis import strategies as st

FIRST, SECOND = card().gpu, card(index=1).gpu
DISPLAY = Client(7, "Xorg", unit="gdm.service")
HELD = Drm(True, parameters=("fbdev=N", "modeset=Y"), driver="550.163.01")
UNLOAD, LOAD = SwitchModule(False, HELD.parameters), SwitchModule(True, HELD.parameters)


def turn_on(gpu, waits=False):
    return SetMode(gpu, True, False, waits)


def problems(found, allowed=True, quiesced=(), actions=None, resetting=(FIRST,)):
    return [str(problem) for problem in drm.problems(actions or [turn_on(FIRST)], resetting, found, allowed, quiesced)]


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, True),
        ({"driver": "590.48.01"}, True),
        ({"driver": "595.45.04"}, False),
        ({"driver": ""}, True),  # one that does not tell
        ({"parameters": ("modeset=N",)}, False),
        ({"parameters": ()}, False),  # only root reads them, and only root changes modes
        ({"loaded": False}, False),
    ],
)
def test_what_holds_cards(changes, holds):
    assert replace(HELD, **changes).holds is holds


def test_module_in_the_way_is_named_with_its_users_and_how_to_have_it_unloaded():
    (problem,) = problems(replace(HELD, clients=(DISPLAY,)), allowed=False)
    assert problem == (
        "A change of MIG mode resets GPU 0 NVIDIA A100-SXM4-40GB (GPU-0, 0000:17:00.0), which the kernel module "
        "nvidia_drm holds open; it is in use by Xorg (pid 7, gdm.service). Set mig_unload_drm: true (the option "
        "unload_drm), which unloads nvidia_drm for the reset and loads it again; before that, stop Xorg (pid 7, "
        "gdm.service), or list its service in mig_quiesce (the option quiesce)."
    )


def test_module_that_could_not_be_loaded_again_is_a_problem_of_the_plan():
    found = replace(HELD, lost="modprobe --dry-run: it is not installed")
    (problem,) = problems(found)
    assert problem.startswith("nvidia_drm would be unloaded for the reset, but could not be loaded again (modprobe ")
    assert "Run 'modprobe --remove nvidia_drm' on the host" in problem
    # at boot too; and not where nothing is reset, or it is not to be unloaded
    assert drm.problems([], [], found, True, (), [FIRST])
    assert drm.problems([], [], found, True, ()) == []
    assert "could not be loaded again" not in problems(found, allowed=False)[0]


def test_module_is_one_of_the_holders_of_each_card():
    found = replace(HELD, clients=(DISPLAY,))
    (problem,) = drm.problems([turn_on(FIRST), turn_on(SECOND)], [FIRST, SECOND], found, False, ["gdm.service"])
    assert [(one["gpu"], one["pid"], one["name"]) for one in problem.details["holders"]] == [
        ("GPU-0", None, "nvidia_drm"),
        ("GPU-0", 7, "Xorg"),
        ("GPU-1", None, "nvidia_drm"),
        ("GPU-1", 7, "Xorg"),
    ]
    assert "before that" not in problem.fix


@pytest.mark.parametrize(
    ("changes", "quiesced", "told"),
    [
        ({}, (), None),
        ({"clients": (DISPLAY,)}, (), "in use by Xorg (pid 7, gdm.service). Stop it, or list its service"),
        ({"clients": (DISPLAY, Client(8, None))}, ("gdm.service",), "in use by a process (pid 8). Stop it"),
        ({"clients": (DISPLAY,), "otherwise": True}, ("gdm.service",), None),
        (
            {"otherwise": True},
            (),
            "in use by something other than a process, such as the console. Set its parameter",
        ),
    ],
)
def test_module_that_may_be_unloaded_and_those_in_the_way_of_that(changes, quiesced, told):
    found = problems(replace(HELD, **changes), quiesced=quiesced)
    assert len(found) == (1 if told else 0)
    assert all("has to be unloaded, but it is " + told in problem for problem in found)


def test_process_that_is_ended_before_the_reset_is_not_in_the_way():
    found = replace(HELD, clients=(DISPLAY,))
    actions = [EndClient(FIRST, DISPLAY), turn_on(FIRST)]
    assert problems(found, actions=actions) == []
    # That of another card is ended when the module has to be gone already.
    late = [turn_on(FIRST), EndClient(SECOND, DISPLAY), turn_on(SECOND)]
    assert len(problems(found, actions=late, resetting=(FIRST, SECOND))) == 1


@pytest.mark.parametrize(("found", "resetting"), [(HELD, ()), (Drm(True), (FIRST,)), (Drm(False), (FIRST,))])
def test_module_that_is_not_in_the_way_stays(found, resetting):
    actions = [turn_on(FIRST, waits=not resetting)]
    assert drm.around(actions, resetting, found) == actions
    assert drm.problems(actions, resetting, found, False, []) == []


def test_module_that_an_earlier_run_left_unloaded_is_loaded_where_nothing_else_is_to_do():
    left = Drm(False, left=True, parameters=HELD.parameters)
    assert drm.around([], [], left) == [LOAD]
    assert drm.around([turn_on(FIRST)], [FIRST], left) == [turn_on(FIRST), LOAD]
    assert drm.after(left, [LOAD]) == Drm(True)


PIECES = st.sampled_from([EndClient(FIRST, DISPLAY), turn_on(FIRST), turn_on(SECOND), turn_on(SECOND, waits=True)])


@given(st.lists(PIECES), st.booleans(), st.booleans())
def test_module_is_gone_at_each_reset_and_there_in_the_end(actions, loaded, left):
    resetting = {action.gpu for action in actions if isinstance(action, SetMode) and not action.waits}
    found = replace(HELD, loaded=loaded, left=left and not loaded)
    there, planned = loaded, drm.around(actions, resetting, found)
    for action in planned:
        if isinstance(action, SwitchModule):
            assert action.load != there or not loaded
            there = action.load
        elif isinstance(action, SetMode) and not action.waits:
            assert not there
    assert [action for action in planned if not isinstance(action, SwitchModule)] == actions
    assert there == (loaded or left) == drm.after(found, planned).loaded
    assert drm.around([], [], drm.after(found, planned)) == []


def test_what_is_taken_back_and_told():
    assert drm.undo(UNLOAD) == LOAD and drm.undo(LOAD) == UNLOAD
    assert drm.describe(UNLOAD)["does"] == "unload the kernel module nvidia_drm"
    assert [drm.describe(action)["kind"] for action in (UNLOAD, LOAD)] == ["unload_module", "load_module"]
