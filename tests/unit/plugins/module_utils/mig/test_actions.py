# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.disruption import by
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.actions import (
    EndClient,
    MakeComputeInstance,
    MakeGpuInstance,
    SetMode,
    after,
    describe,
    needs_mode,
    undo,
)
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import card, instance, profile

A100 = card("A100-40", instance("2g.10gb", 0, busy=[0]), instance("3g.20gb", 4, ((2, 0), (1, 2))))
OTHER = card("A100-40", instance("1g.5gb", 0), index=1)
CLIENT = A100.clients[0]
THREE, ONE = profile("3g.20gb"), profile("1g.5gb")

LABEL = "GPU 0 NVIDIA A100-SXM4-40GB (GPU-0, 0000:17:00.0)"

ACTIONS = [
    (
        SetMode(A100.gpu, False, True, resets=True),
        "turn off MIG mode of GPU 0 NVIDIA A100-SXM4-40GB (GPU-0, 0000:17:00.0)",
        {"kind": "set_mode", "mode": "disabled", **by("reset", LABEL)},
    ),
    (
        SetMode(A100.gpu, True, False),
        "turn on MIG mode of GPU 0 NVIDIA A100-SXM4-40GB (GPU-0, 0000:17:00.0)",
        {"kind": "set_mode", "mode": "enabled", **by("none")},
    ),
    (
        EndClient(A100.gpu, CLIENT),
        "terminate llama-server (pid 1000) on GPU 0 NVIDIA A100-SXM4-40GB (GPU-0, 0000:17:00.0)",
        {"kind": "end_process", "pid": 1000, **by("reset", "llama-server (pid 1000)")},
    ),
    (
        MakeGpuInstance(A100.gpu, ONE, 6, create=True),
        "create GPU instance 1g.5gb on slice 6 of GPU 0 NVIDIA A100-SXM4-40GB (GPU-0, 0000:17:00.0)",
        {"kind": "create_gpu_instance", "profile": "1g.5gb", "placement": {"start": 6, "size": 1}, **by("none")},
    ),
    (
        MakeComputeInstance(A100.gpu, THREE, 4, 1, 2, create=False),
        "destroy compute instance 1c at 2 of GPU instance 3g.20gb on slices 4-7 "
        "of GPU 0 NVIDIA A100-SXM4-40GB (GPU-0, 0000:17:00.0)",
        {
            "kind": "destroy_compute_instance",
            "profile": "3g.20gb",
            "placement": {"start": 4, "size": 4},
            "compute_placement": {"start": 2, "size": 1},
            **by("destroy", LABEL),
        },
    ),
]


@pytest.mark.parametrize(("action", "does", "fields"), ACTIONS)
def test_action_for_users(action, does, fields):
    assert describe(action) == {"does": does, "uuid": "GPU-0", **fields}


@pytest.mark.parametrize(
    "action",
    [
        SetMode(A100.gpu, False, True),
        SetMode(A100.gpu, False, True, waits=True),
        MakeGpuInstance(A100.gpu, ONE, 2, create=True),
        MakeComputeInstance(A100.gpu, THREE, 4, 1, 2, create=False),
    ],
)
def test_undone_an_action_leaves_the_cards_as_they_were(action):
    then = after([A100, OTHER], [action])
    assert then != [A100, OTHER]
    assert then[1] is OTHER
    assert undo(undo(action)) == action
    assert after(then, [undo(action)]) == [A100, OTHER]


def test_no_process_comes_back():
    with pytest.raises(EdgesiteError, match="llama-server .pid 1000. was terminated"):
        undo(EndClient(A100.gpu, CLIENT))


def test_ended_a_process_is_nowhere_on_the_card():
    (then,) = after([A100], [EndClient(A100.gpu, CLIENT)])
    assert then == A100
    assert A100.clients == A100.instances[0].clients == A100.instances[0].compute[0].clients == (CLIENT,)
    assert then.clients == then.instances[0].clients == then.instances[0].compute[0].clients == ()


def test_mode_that_waits_is_pending():
    (then,) = after([A100], [SetMode(A100.gpu, False, True, waits=True)])
    assert (then.enabled, then.pending) == (True, False)
    (then,) = after([A100], [SetMode(A100.gpu, False, True)])
    assert (then.enabled, then.pending) == (False, False)


def test_instances_keep_their_order():
    made = [
        MakeGpuInstance(A100.gpu, profile("1g.10gb"), 2, create=True),
        MakeComputeInstance(A100.gpu, profile("1g.10gb"), 2, 1, 0, create=True),
    ]
    (then,) = after([A100], made)
    assert then == card("A100-40", *A100.instances, instance("1g.10gb", 2))
    assert [one.start for one in then.instances] == [0, 2, 4]


def test_what_needs_the_new_mode():
    made = [MakeGpuInstance(A100.gpu, ONE, 6, create=True), MakeComputeInstance(A100.gpu, ONE, 6, 1, 0, create=True)]
    change = SetMode(A100.gpu, True, False)
    assert all(needs_mode(action, [change, *made]) for action in made)
    assert not any(needs_mode(action, [SetMode(A100.gpu, True, False, waits=True)]) for action in made)
    assert not needs_mode(made[0], [SetMode(OTHER.gpu, True, False)]) and not needs_mode(made[0], [])
    assert not needs_mode(change, [change])
