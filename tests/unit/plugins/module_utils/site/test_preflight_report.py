# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson.jetpack_plan import Wanted
from ansible_collections.edgesite.gpu.plugins.module_utils.site import preflight, report

CARD = {
    "index": 0,
    "uuid": "GPU-aaaa",
    "pci_bus_id": "0000:17:00.0",
    "name": "Tesla T4",
    "persistence_mode": False,
    "compute_mode": "default",
    "ecc": None,
    "mig": None,
    "power_w": {"limit": 70.0, "default_limit": 70.0, "min_limit": 60.0, "max_limit": 70.0},
    "clocks_mhz": {"min_graphics": 300, "max_graphics": 1590, "min_memory": 405, "max_memory": 5001},
}
MIG_OFF = {"current": False, "pending": False, "resetless": False, "max_devices": 7, "gpu_instances": []}
A100 = {
    **CARD,
    "index": 1,
    "uuid": "GPU-bbbb",
    "name": "NVIDIA A100-SXM4-40GB",
    "pci_device_id": "20b0",
    "mig": MIG_OFF,
    "vgpu": {"virtualization_mode": "none"},
    "processes": [],
}
HELD = {
    "id": 2,
    "profile": "MIG 3g.20gb",
    "profile_id": 9,
    "slices": 3,
    "placement": {"start": 4, "size": 4},
    "memory_mib": 19968,
    "compute_instances": [
        {"id": 0, "profile": "MIG 3g.20gb", "slices": 3, "placement": {"start": 0, "size": 3}, "uuid": "MIG-1"}
    ],
}
BUSY = {
    **A100,
    "mig": {**MIG_OFF, "current": True, "pending": True, "gpu_instances": [HELD]},
    "processes": [{"pid": 7, "name": "triton", "gpu_instance_id": 2, "compute_instance_id": 0}],
}


def problems_of(found):
    return [(problem.layer, problem.problem) for problem in found]


def test_every_setting_that_a_card_cannot_have_is_a_problem():
    wanted = [{"gpus": "all", "power_limit": "500", "ecc": True}]
    found = preflight.of_settings("h", wanted, {"gpus": [CARD]})
    assert len(found) == 2
    assert all(problem.host == "h" and problem.layer == "gpu" and problem.fix for problem in found)


def test_mig_on_a_card_without_it_is_a_problem_for_that_card_only():
    found = preflight.of_mig("h", [{"gpus": "all", "mig": "enabled"}], {"gpus": [CARD, A100]})
    assert len(found) == 1
    assert "Tesla T4" in found[0].problem and "mig_layouts[0] asks" in found[0].problem


def test_mig_off_asks_nothing_of_a_card():
    assert preflight.of_mig("h", [{"gpus": "all", "mig": "disabled"}], {"gpus": [CARD]}) == []


def test_mig_for_a_gpu_that_is_not_there_is_a_problem():
    found = preflight.of_mig("h", [{"gpus": [{"model": "H100"}]}], {"gpus": [A100]})
    assert "matches no GPU" in found[0].problem


def test_layouts_of_the_wrong_shape_are_a_problem():
    for layouts in ("all", ["x"], [{"mig": "enabled"}]):
        assert problems_of(preflight.of_mig("h", layouts, {"gpus": [A100]}))[0][0] == "mig"


def test_layout_that_the_card_cannot_have_is_a_problem_before_anything_runs():
    (large,) = preflight.of_mig("h", [{"gpus": "all", "instances": {"3g.20gb": 3}}], {"gpus": [A100]})
    assert "mig_layouts[0].instances" in large.problem and "2x 3g.20gb" in large.fix
    (unknown,) = preflight.of_mig("h", [{"gpus": "all", "instances": {"5g.30gb": 1}}], {"gpus": [A100]})
    assert "it has 1g.5gb" in unknown.problem


def test_instance_in_use_is_in_the_way_unless_it_may_be_ended():
    layouts = [{"gpus": "all", "instances": {"2g.10gb": 3}}]
    (held,) = preflight.of_mig("h", layouts, {"gpus": [BUSY]})
    assert "3g.20gb on slices 4-7 is held by triton (pid 7)" in held.problem
    assert preflight.of_mig("h", layouts, {"gpus": [BUSY]}, "force") == []
    assert preflight.of_mig("h", [{"gpus": "all", "instances": {"3g": 1, "2g": 2}}], {"gpus": [BUSY]}) == []


def test_instances_of_a_card_that_the_catalogue_does_not_know_are_left_to_the_driver():
    new = {**A100, "name": "NVIDIA X1000", "pci_device_id": "ffff"}
    assert preflight.of_mig("h", [{"gpus": "all", "instances": {"5g.30gb": 1}}], {"gpus": [new]}) == []
    assert preflight.of_mig("h", [{"gpus": [{"model": "H100"}]}], {"gpus": [new]})
    for layouts in ("all", ["x"]):
        assert preflight.of_mig("h", layouts, {"gpus": [new]})


def test_nvml_is_a_problem_only_where_gpus_are_wanted_but_a_lost_gpu_always_is():
    info = {"driver": {"nvml_status": "library_not_found"}, "unread": [{"what": "tpm", "why": "none", "fix": "f"}]}
    assert preflight.of_nvml("h", info, wants_gpus=False) == []
    (problem,) = preflight.of_nvml("h", info, wants_gpus=True)
    assert problem.layer == "driver" and "libnvidia-ml.so.1 not found" in problem.problem
    assert preflight.of_nvml("h", {"driver": None}, wants_gpus=True)
    (unknown,) = preflight.of_nvml("h", {"driver": {"nvml_status": "nvml_4711"}}, wants_gpus=True)
    assert "nvml_4711" in unknown.problem
    lost = {"driver": {"nvml_status": "ok"}, "unread": [{"what": "gpu 1", "why": "lost", "fix": "f"}]}
    assert problems_of(preflight.of_nvml("h", lost, wants_gpus=False)) == [("driver", "gpu 1: lost")]
    assert problems_of(preflight.of_nvml("h", lost, wants_gpus=True)) == [("driver", "gpu 1: lost")]


def test_problems_are_listed_with_their_fixes_by_host():
    found = [preflight.unread("b", "no sudo"), preflight.unreachable("a", "timed out")]
    found += preflight.invalid("a", "gpu", ["bad option"], "See the docs")
    lines = preflight.by_host(found)
    assert lines[0] == "3 problems:"
    assert lines[1].startswith("a: [connection] The host cannot be reached: timed out")
    assert all(line.startswith("    fix: ") for line in lines[2::2])
    assert preflight.by_host(found[:1])[0] == "1 problem:"


DONE = {
    "edgesite_done": True,
    "facts_result": {
        "gpus": [A100, {**A100, "index": 2}],
        "tpm": {"version": "2.0"},
        "jetson": None,
        "accelerators": [{"vendor_id": "10de", "name": "A100"}, {"vendor_id": "19e5", "name": "Ascend 310P"}],
    },
    "gpu_result": {"changed": True, "actions": [{"does": "set x"}, {"does": "set y"}], "reboot_required": True},
}


def test_row_tells_what_was_found_and_changed():
    row = report.row("h", DONE)
    assert row["status"] == "done"
    assert row["found"] == "2x A100-SXM4-40GB, 1x Ascend 310P, TPM"
    assert row["layers"] == {"gpu": {"changed": True, "failed": False, "actions": ["set x", "set y"]}}
    assert row["reboot_required"]


def test_row_of_an_idle_host_has_no_changes():
    row = report.row("h", {**DONE, "gpu_result": {"changed": False, "actions": []}})
    assert report.layer_cell(row, "gpu") == "as wanted"
    assert not row["reboot_required"]


def test_layer_that_a_host_does_not_have_is_not_there():
    row = report.row("h", {"edgesite_done": True, "facts_result": {"jetson": {"model": "Orin"}}})
    assert row["layers"] == {}
    assert row["found"] == "Orin"
    assert report.row("h", {"facts_result": {"gpus": []}})["found"] == "no accelerator"
    assert report.layer_cell(row, "gpu") == "-"
    skipped = report.row("h", {"edgesite_done": True, "gpu_result": {"skipped": True, "changed": False}})
    assert skipped["layers"] == {} and skipped["found"] == "not read"


def test_hosts_that_did_not_converge_say_why():
    rows = [
        report.row("ok", DONE),
        report.row("bad", {"facts_result": {"gpus": []}, "gpu_result": {"failed": True, "msg": "range"}}),
        report.row("gone", {"facts_result": {"unreachable": True, "msg": "timed out"}}),
        report.row("late", {}),
    ]
    assert report.layer_cell(rows[1], "gpu") == "failed"
    assert [row["status"] for row in rows] == ["done", "failed", "unreachable", "not_reached"]
    assert rows[2]["found"] == "not read"
    assert "Check mode: these changes would be made; nothing was changed." in report.table(rows, check=True)
    lines = report.table(rows)
    assert "ok needs a reboot (edgesite_allow_reboot: true lets the run do it)" in lines
    assert "bad did not converge: gpu: range" in lines
    assert "gone did not converge: facts: timed out" in lines
    assert "late did not converge: see the run above" in lines


def test_columns_line_up():
    assert report.columns([["a", "bb"], ["ccc", "d"]]) == ["a    bb", "ccc  d"]


JETSON = {
    "l4t": {"version": "35.6.1", "major": 35, "minor": 6, "patch": 1},
    "jetpack": "5.1.5",
    "soc": "tegra234",
    "power_modes": [{"id": 0, "name": "MAXN"}, {"id": 1, "name": "15W"}],
}


def test_release_and_power_mode_that_a_jetson_cannot_have_are_problems():
    wanted = Wanted(version="6.2.2", upgrade="minor")
    found = preflight.of_jetson("h", wanted, "MAXN_SUPER", {"jetson": JETSON})
    assert [layer for layer, _problem in problems_of(found)] == ["jetpack"] * 2
    assert "another major release" in found[0].problem and "image-based" in found[0].fix
    assert "its modes are: MAXN, 15W" in found[1].problem


def test_release_and_power_mode_that_a_jetson_has_are_none():
    assert preflight.of_jetson("h", Wanted(version="5.1.5"), "15W", {"jetson": JETSON}) == []
    assert preflight.of_jetson("h", Wanted(), "", {"jetson": JETSON}) == []


def test_jetpack_on_another_host_is_a_problem():
    assert "no Jetson" in preflight.of_jetson("h", Wanted(version="6.2"), "", {"jetson": None})[0].problem


def test_what_a_host_says_of_itself_is_no_line_of_another_host():
    lie = "x\nbravo  done  1x Tesla T4\n    fix: nothing"
    facts = {"gpus": [{**CARD, "name": lie}], "jetson": {"model": lie}}
    variables = {"facts_result": facts, "mig_result": {"failed": True, "msg": lie}}
    shown = report.table([report.row("alpha", variables)])
    assert [line.split()[0] for line in shown] == ["host", "alpha", "alpha"]
    told = preflight.by_host([preflight.unread("alpha", lie), preflight.Problem("alpha", "gpu", lie, lie)])
    assert len(told) == 5 and not any("\n" in line for line in [*shown, *told])


def on_the_bus(device):
    return {"pci_bus_id": "0000:01:00.0", "vendor_id": "10de", "device_id": device}


@pytest.mark.parametrize(
    "device, wanted, words",
    [
        ("1db4", {"branch": 590}, "lost its support after branch 580"),
        ("1db4", {"branch": "550", "flavour": "open"}, "cannot run the open kernel modules"),
        ("1eb8", {"branch": "newest"}, "driver_branch 'newest'"),
    ],
)
def test_preflight_tells_what_cards_cannot_run(device, wanted, words):
    (problem,) = preflight.of_driver("gpu-a", wanted, {"accelerators": [on_the_bus(device)]})
    assert problem.layer == "driver" and words in problem.problem


def test_preflight_has_nothing_to_say_of_a_driver_that_can_run():
    others = {**on_the_bus("d802"), "vendor_id": "19e5"}
    assert preflight.of_driver("gpu-a", {"branch": "550"}, {"accelerators": [on_the_bus("1eb8"), others]}) == []
    assert preflight.of_driver("gpu-a", {"version": "580.95.05"}, {}) == []


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"extra_packages": "libnvidia-encode1"}, "driver_extra_packages is 'libnvidia-encode1', which is not a list"),
        ({"extra_packages": ["-oDPkg::Pre-Invoke::=id"]}, "driver_extra_packages[0] is '-oDPkg::Pre-Invoke::=id'"),
        ({"mirror": ["http://hub"]}, "driver_mirror is a list, which is not a mapping"),
        ({"mirror": {"url": "hub"}}, "driver_mirror.url is 'hub'"),
        ({"distribution_url": 7}, "driver_distribution_url is 7"),
    ],
)
def test_preflight_tells_of_values_that_no_line_can_have(changes, words):
    (problem,) = preflight.of_driver("gpu-a", {"branch": "550", **changes}, {})
    assert problem.layer == "driver" and words in problem.problem
