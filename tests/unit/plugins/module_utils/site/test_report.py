# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils.site import report

A100 = {"index": 1, "name": "NVIDIA A100-SXM4-40GB"}

DONE = {
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
    changed = {"changed": True, "failed": False, "actions": ["set x", "set y"], "left_behind": []}
    assert row["layers"] == {"gpu": changed} and row["left"] == []
    assert row["reboot_required"]


def test_row_of_an_idle_host_has_no_changes():
    row = report.row("h", {**DONE, "gpu_result": {"changed": False, "actions": []}})
    assert report.layer_cell(row, "gpu") == "as wanted"
    assert not row["reboot_required"]


def test_layer_that_a_host_does_not_have_is_not_there():
    row = report.row("h", {"facts_result": {"jetson": {"model": "Orin"}}})
    assert row["layers"] == {}
    assert row["found"] == "Orin"
    assert report.row("h", {"facts_result": {"gpus": []}})["found"] == "no accelerator"
    assert report.layer_cell(row, "gpu") == "-"
    skipped = report.row("h", {"gpu_result": {"skipped": True, "changed": False}})
    assert skipped["layers"] == {} and skipped["found"] == "not read" and skipped["status"] == "not_reached"


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
    gone = "gone did not converge: The host cannot be reached: timed out. Check power, network and SSH of the host; "
    assert any(line.startswith(gone) for line in lines)
    assert "late did not converge: see the run above" in lines


def test_a_run_of_the_site_has_all_layers_in_one_result():
    told = {"layers": {"gpu": DONE["gpu_result"]}, "facts": DONE["facts_result"], "called": ["gpu"]}
    assert report.row("h", {"edgesite_result": told}) == report.row("h", DONE)
    failed = {**told, "failed": True, "layers": {"gpu": {"failed": True, "msg": "range"}}}
    row = report.row("h", {"edgesite_result": failed})
    assert (row["status"], row["why"]) == ("failed", "gpu: range")
    nothing = {"edgesite_result": {"failed": False, "msg": "edgesite_tpm_tcti is wrong"}}
    row = report.row("h", nothing)
    assert (row["status"], row["why"]) == ("failed", "edgesite_tpm_tcti is wrong")


def test_gpus_that_something_is_wrong_with_are_named():
    unread = [
        {"what": "gpu 1", "why": "GPU 1 has not joined", "fix": "Install the fabric manager"},
        {"what": "tpm", "why": "no", "fix": "tools"},
    ]
    row = report.row("ok", {**DONE, "facts_result": {**DONE["facts_result"], "unread": unread}})
    assert "ok before this run: GPU 1 has not joined. Install the fabric manager" in report.table([row])
    assert report.row("ok", DONE)["gpus"] == report.garbled_row("bad")["gpus"] == []


LEFT = {
    "uuid": "GPU-1",
    "setting": "ecc",
    "value": False,
    "before": True,
    "why": "it takes a reboot",
    "by_hand": "reboot\nevil",
}


def test_what_a_layer_could_not_set_back_is_told_and_is_not_as_wanted():
    idle = {"changed": False, "actions": [], "left_behind": [LEFT]}
    row = report.row("h", {**DONE, "gpu_result": idle})
    assert report.layer_cell(row, "gpu") == "left over"
    assert "h: ecc of GPU GPU-1 stays false, as it takes a reboot: reboot evil" in report.table([row])
    changed = report.row("h", {**DONE, "gpu_result": {**idle, "changed": True, "actions": [{"does": "set x"}]}})
    assert report.layer_cell(changed, "gpu") == "1 change, left over"


def test_a_layer_that_left_the_inventory_is_told_once_for_all_hosts():
    facts = {**DONE["facts_result"], "layers": ["gpu", "mig"]}
    whole = {"facts": facts, "called": ["mig"], "layers": {"mig": {"changed": False, "actions": []}}}
    left = {"edgesite_result": whole}
    rows = [report.row(name, left) for name in ("a", "b")]
    assert rows[0]["left"] == ["gpu"] and report.layer_cell(rows[0], "gpu") == "left over"
    (line,) = (line for line in report.table(rows) if "not in the inventory" in line)
    assert line.startswith("The layer gpu is not in the inventory for a, b, but its settings are still in force: set ")
    gpu = {"gpu": {"changed": False, "actions": []}}
    wanted = {"edgesite_result": {**whole, "called": ["gpu", "mig"], "layers": {**whole["layers"], **gpu}}}
    assert report.row("a", wanted)["left"] == []


def test_columns_line_up():
    assert report.columns([["a", "bb"], ["ccc", "d"]]) == ["a    bb", "ccc  d"]


def test_what_a_host_says_of_itself_is_no_line_of_another_host():
    lie = "x\nbravo  done  1x Tesla T4\n    fix: nothing"
    facts = {"gpus": [{"name": lie}], "jetson": {"model": lie}}
    variables = {"facts_result": facts, "mig_result": {"failed": True, "msg": lie}}
    shown = report.table([report.row("alpha", variables)])
    assert [line.split()[0] for line in shown] == ["host", "alpha", "alpha"]
