# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks site and preflight over SSH. More in make test-deep PART=faults."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest

GOOD = [{"gpus": "all", "persistence_mode": True, "power_limit": "default"}]


def recap(output):
    """Counts by host, as the end of a run prints them."""
    lines = re.findall(r"^(\S+)\s+: (ok=.*)$", output, re.MULTILINE)
    return {host: {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", counts)} for host, counts in lines}


def report(path):
    return {row["host"]: row for row in json.loads(path.read_text())}


@pytest.fixture(autouse=True)
def fixture_wishes(ansible):
    ansible.wants("node", gpu_settings=GOOD)
    ansible.wants("other", gpu_settings=GOOD)


def test_check_converge_and_second_run(ansible, lab, tmp_path):
    checked = ansible.playbook("site", "--check", "--diff")
    assert checked.returncode == 0, checked.stdout
    assert "+" in checked.stdout and "power_limit" in checked.stdout
    assert "Check mode: these changes would be made; nothing was changed." in checked.stdout
    assert lab.changes("node") == []

    first = ansible.playbook("site", "-e", f"edgesite_report_file={tmp_path}/first.json")
    assert first.returncode == 0, first.stdout
    assert re.search(r"^\W*node +done +1x A100-SXM4-40GB, .* 5 changes .*-\W*$", first.stdout, re.MULTILINE)
    rows = report(tmp_path / "first.json")
    assert rows["node"]["found"] == "1x A100-SXM4-40GB, 1x Tesla T4, TPM"
    assert len(rows["node"]["layers"]["gpu"]["actions"]) == 5
    assert rows["hub"]["layers"] == {}

    timed = {"ANSIBLE_CALLBACKS_ENABLED": "task_times", "TASK_TIMES_FILE": str(tmp_path / "times.json")}
    again = ansible.playbook("site", **timed)
    assert again.returncode == 0, again.stdout
    assert all(counts["changed"] == 0 for counts in recap(again.stdout).values())

    # an idle run goes to a host once
    rows = json.loads((tmp_path / "times.json").read_text())
    reaching = [row["task"] for row in rows if row["host"] == "node" and row["reaches_host"]]
    assert reaching == ["Converge the host"]


def test_settings_that_leave_the_inventory_are_reported_and_can_be_set_back(ansible, lab):
    before = [gpu["persistence"] for gpu in lab.gpus("node")]
    runs = []
    for wishes in ({"gpu_settings": GOOD}, {}, {"gpu_settings": []}, {}):
        ansible.wants("node", **wishes)
        runs.append(ansible.playbook("site", "--limit", "node"))
    assert [run.returncode for run in runs] == [0] * 4, runs[-1].stdout
    told = ["The layer gpu is not in the inventory for node" in run.stdout for run in runs]
    assert told == [False, True, False, False]
    assert "left over" in runs[1].stdout and "as wanted" not in runs[1].stdout
    assert [gpu["persistence"] for gpu in lab.gpus("node")] == before


def test_host_that_goes_away_in_the_middle_does_not_stop_the_others(ansible, lab, tmp_path):
    command = ansible.command("site", "-e", f"edgesite_report_file={tmp_path}/report.json")
    environment = {
        **os.environ,
        "LAB_SITE": "faults",
        "ANSIBLE_SSH_ARGS": "-o ControlMaster=auto -o ServerAliveInterval=1 -o ServerAliveCountMax=3",
    }
    try:
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as running:
            output = ""
            for line in running.stdout:
                output += line
                if "other: gpu: Apply the GPU settings" in line:
                    lab.run("cut", "--site", "faults", "other")
        assert running.returncode == 4, output
        rows = report(tmp_path / "report.json")
        assert rows["node"]["status"] == "done"
        assert rows["other"]["status"] in ("unreachable", "failed")
        assert "other did not converge" in output
    finally:
        lab.run("heal", "--site", "faults", "other")
    assert ansible.playbook("site").returncode == 0


def test_bad_wish_of_one_host_does_not_stop_the_others(ansible, tmp_path):
    ansible.wants("node", gpu_settings=[{"gpus": "all", "power_limit": 5000}])
    run = ansible.playbook("site", "-e", f"edgesite_report_file={tmp_path}/report.json")
    assert run.returncode == 2
    rows = report(tmp_path / "report.json")
    assert rows["node"]["status"] == "failed" and "100 W to 400 W" in rows["node"]["why"]
    assert rows["other"]["status"] == "done"


def test_hosts_serial_and_tags_are_the_users(ansible):
    run = ansible.playbook("site", "-e", "edgesite_hosts=gpu_nodes", "-e", "edgesite_serial=1", "--tags", "gpu")
    assert run.returncode == 0, run.stdout
    assert set(recap(run.stdout)) == {"node", "other"}
    assert run.stdout.count("PLAY [Converge the site]") == 2
    assert "Read what the host has" not in run.stdout


@pytest.mark.deep
def test_limit_holds_for_the_report_and_for_preflight(ansible, tmp_path):
    ansible.wants("other", gpu_settings=[{"gpus": "all", "power_limit": 1}])
    run = ansible.playbook("site", "--limit", "node", "-e", f"edgesite_report_file={tmp_path}/report.json")
    assert run.returncode == 0, run.stdout
    assert {host: row["status"] for host, row in report(tmp_path / "report.json").items()} == {"node": "done"}
    assert ansible.playbook("preflight", "--limit", "node").returncode == 0
    assert ansible.playbook("preflight", "--limit", "other").returncode == 2


@pytest.mark.deep
def test_reboot_for_ecc_is_taken_where_it_is_allowed(ansible, lab, tmp_path):
    wish = [{"gpus": "all", "persistence_mode": True}, {"gpus": [{"model": "A100"}], "ecc": False}]
    ansible.wants("node", gpu_settings=wish)
    waiting = ansible.playbook("site")
    assert waiting.returncode == 0 and "node needs a reboot" in waiting.stdout
    boot = lab.on("node", "cat", "/proc/sys/kernel/random/boot_id")
    ansible.wants("node", gpu_settings=wish, edgesite_allow_reboot=True)
    rebooted = ansible.playbook("site")
    assert rebooted.returncode == 0, rebooted.stdout
    assert "needs a reboot" not in rebooted.stdout
    assert lab.on("node", "cat", "/proc/sys/kernel/random/boot_id") != boot
    again = ansible.playbook("site")
    assert recap(again.stdout)["node"]["changed"] == 0 and "needs a reboot" not in again.stdout


def test_preflight_of_a_good_site_finds_nothing_and_changes_nothing(ansible, lab):
    run = ansible.playbook("preflight")
    assert run.returncode == 0, run.stdout
    assert "No problems found" in run.stdout
    assert lab.changes("node") == []
    assert all(counts["changed"] == 0 for counts in recap(run.stdout).values())
    assert lab.on("node", "sh", "-c", "ls /usr/local/lib/edgesite-gpu 2>/dev/null || echo nothing").strip() == "nothing"


def test_preflight_lists_all_problems_of_all_hosts_with_their_fixes(ansible, lab):
    ansible.wants(
        "node",
        gpu_settings=[
            {"gpus": "all", "power_limit": 5000},
            {"gpus": [{"index": 0}], "gpu_clocks": {"min": 1, "max": 2}},
        ],
        mig_layouts=[{"gpus": "all", "mig": "enabled", "instances": {"1g.5gb": 7}}],
        mig_layout=[],
        identity_ca_dir="/nowhere",
        identity_tpm_roots=["/etc/ssl/certs"],
    )
    ansible.wants("hub", gpu_settings=[{"gpus": "all", "ecc": "perhaps"}])
    lab.run("cut", "--site", "faults", "other")
    try:
        run = ansible.playbook("preflight", ANSIBLE_TIMEOUT="3")
    finally:
        lab.run("heal", "--site", "faults", "other")
    assert run.returncode == 2, run.stdout
    output = run.stdout
    for expected in (
        "100 W to 400 W",
        "60 W to 70 W",
        "accepts 210-1410 MHz",
        "asks for MIG on GPU 1 Tesla T4",
        "other: [connection] The host cannot be reached",
        "hub: [driver] The NVIDIA driver is not installed on this host",
        "hub: [gpu] gpu_settings[0].ecc is 'perhaps', but has to be true or false",
        "node: [variables] mig_layout is not a variable",
        "controller, for node: [identity] identity_ca_dir: missing on the controller: /nowhere/",
        "controller, for node: [identity] identity_ca_passphrase is not set",
        "10 problems found",
        "Not checked: what other have, as they could not be read",
    ):
        assert expected in output, run.stdout
    assert output.count("    fix: ") == 10
    assert lab.changes("node") == []


@pytest.mark.deep
def test_preflight_of_a_variable_that_cannot_be_had_is_one_more_problem(ansible):
    ansible.wants("other", gpu_settings="{{ nowhere }}")
    run = ansible.playbook("preflight")
    assert run.returncode == 2, run.stdout
    assert "1 problem found" in run.stdout and "other: [gpu] gpu_settings cannot be evaluated" in run.stdout
    assert "nowhere" in run.stdout


def test_a_host_whose_variables_are_wrong_fails_alone(ansible, lab, tmp_path):
    ansible.wants("other", gpu_settings=[{"gpus": "all", "gpu_clocks": 1410}])
    run = ansible.playbook("site", "--check", "-e", f"edgesite_report_file={tmp_path}/report.json")
    assert run.returncode == 2, run.stdout
    rows = report(tmp_path / "report.json")
    assert rows["other"]["status"] == "failed" and "gpu_settings[0].gpu_clocks is 1410" in rows["other"]["why"]
    assert rows["node"]["status"] == "done"
