# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook plan, and site with a plan that was kept. More in make test-deep PART=faults."""

from __future__ import annotations

import hashlib
import json
import random
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

SETTINGS = [{"gpus": "all", "persistence_mode": True}, {"gpus": [{"model": "A100"}], "power_limit": 300}]
LAYOUTS = [{"gpus": [{"model": "A100"}], "instances": {"3g.20gb": 1, "1g.5gb": 2}}]
OTHER = [{"gpus": "all", "power_limit": 500}]


class Plans:
    """Plans that are kept, and what becomes of them."""

    def __init__(self, ansible, folder):
        self.ansible = ansible
        self.file = folder / "plan.json"

    def make(self, *arguments):
        run = self.ansible.playbook("plan", "-e", f"edgesite_plan_out={self.file}", *arguments)
        assert run.returncode == 0, run.stdout
        return run.stdout

    def planned(self, host):
        """The actions of a plan, in order."""
        layers = json.loads(self.file.read_text())["hosts"][host]["layers"]
        return [action["does"] for layer in layers for action in layer["actions"]]

    def command(self, *arguments):
        digest = hashlib.sha256(self.file.read_bytes()).hexdigest()
        given = ["-e", f"edgesite_plan_file={self.file}", "-e", f"edgesite_plan_sha256={digest}"]
        return self.ansible.command("site", *given, *arguments)

    def apply(self, *arguments):
        return self.ansible.playbook("site", *self.command(*arguments)[4:])


@pytest.fixture(name="plans")
def fixture_plans(ansible, tmp_path):
    ansible.wants("node", gpu_settings=SETTINGS, mig_layouts=LAYOUTS)
    ansible.wants("other", gpu_settings=OTHER)
    return Plans(ansible, tmp_path)


def done(report, host):
    """What a run did on a host, by its report."""
    (row,) = [row for row in json.loads(report.read_text()) if row["host"] == host]
    return [does for layer in row["layers"].values() for does in layer["actions"]]


def sum_of(output):
    return re.search(r"^\d+ hosts? changes?, .*$|^\d+ hosts? change, .*$", output, re.MULTILINE)[0]


def test_a_plan_is_shown_kept_and_applied_where_nothing_has_changed_since(plans, ansible, lab, tmp_path):
    shown = plans.make()
    assert sum_of(shown) == "2 hosts change, 1 GPU reset, 0 reboots, 1 in order"
    assert "GPU 0: MIG off -> on (resets the GPU)" in shown and lab.changes("node") == []
    plain = ansible.playbook("plan", "-e", "edgesite_exit_on_changes=true")
    assert plain.returncode == 2

    lab.on("other", "touch", "/etc/systemd/system/edgesite-gpu-settings.service")
    report = tmp_path / "report.json"
    applied = plans.apply("-e", f"edgesite_report_file={report}")
    assert applied.returncode == 2, applied.stdout
    assert "what other has of gpu has changed since the plan was made" in applied.stdout
    assert lab.changes("other") == []
    # the host tools are no layer's
    assert done(report, "node") == plans.planned("node")[1:]

    again = plans.apply("--limit", "node")
    assert again.returncode == 0 and "changed=0" in again.stdout, again.stdout
    empty = ansible.playbook("plan", "--limit", "node", "-e", "edgesite_exit_on_changes=true")
    assert empty.returncode == 0 and "0 hosts change" in empty.stdout


@pytest.mark.parametrize(
    "spoil, words",
    [
        (lambda text: text.replace("300 W", "390 W"), "is not the one that was approved"),
        (lambda text: text[:-20], "is not the one that was approved"),
    ],
)
def test_a_plan_that_was_edited_is_refused_before_any_host_is_asked(plans, ansible, lab, spoil, words):
    plans.make()
    command = plans.command()
    plans.file.write_text(spoil(plans.file.read_text()))
    refused = ansible.playbook("site", *command[4:])
    assert refused.returncode == 2 and refused.stdout.count("FAILED!") == 3, refused.stdout
    assert lab.changes("node") == lab.changes("other") == []


def test_what_the_inventory_asks_for_since_is_not_what_was_planned(plans, ansible):
    plans.make()
    ansible.wants("other", gpu_settings=[{"gpus": "all", "power_limit": 400}])
    applied = plans.apply("--limit", "other")
    assert applied.returncode == 2 and "the inventory now asks for something else of gpu" in applied.stdout


def test_a_host_that_is_down_and_one_with_a_problem_are_in_the_plan_with_why(plans, ansible, lab, tmp_path):
    ansible.wants("other", gpu_settings=[{"gpus": "all", "power_limit": 5000}])
    report = tmp_path / "plan.json"
    try:
        lab.run("cut", "--site", "faults", "node")
        run = ansible.playbook("plan", "-e", f"edgesite_report_file={report}", ANSIBLE_TIMEOUT="5")
    finally:
        lab.run("heal", "--site", "faults", "node")
    assert run.returncode == 2, run.stdout
    assert sum_of(run.stdout).endswith("1 in order, 1 with problems, 1 unreachable"), run.stdout
    hosts = {host["host"]: host for host in json.loads(report.read_text())["hosts"]}
    assert hosts["node"]["status"] == "unreachable" and "ansible node -m" in hosts["node"]["why"]
    (gpu,) = [layer for layer in hosts["other"]["layers"] if layer["layer"] == "gpu"]
    assert gpu["state"] == "problem" and "5000" in gpu["problem"]


def test_an_idle_host_is_asked_for_one_thing(plans, ansible, lab, tmp_path):
    """Counted by the host's sshd: each command that a session asks for."""
    verbose = "echo LogLevel VERBOSE >/etc/ssh/sshd_config.d/count.conf && systemctl restart ssh"
    lab.on("node", "sh", "-c", verbose)
    # A connection of its own, since one that is open keeps its level.
    own = {"ANSIBLE_SSH_CONTROL_PATH_DIR": str(tmp_path / "cp")}
    assert ansible.playbook("site", "--limit", "node", **own).returncode == 0
    lab.on("node", "logger", "-t", "sshd", "here")
    again = ansible.playbook("site", "--limit", "node", **own)
    assert again.returncode == 0 and "changed=0" in again.stdout, again.stdout
    log = lab.on("node", "journalctl", "-t", "sshd", "-o", "cat").partition("here\n")[2]
    assert log.count("Starting session: command") == 1, log


@pytest.mark.deep
def test_a_controller_that_is_killed_while_it_applies_goes_on_with_the_same_file(plans, ansible, lab):
    plans.make("--limit", "node")
    with subprocess.Popen(
        plans.command("--limit", "node"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=ansible.environment(),
    ) as running:
        for line in running.stdout:
            if "node: mig:" in line:
                running.kill()
                break
    plans_again = plans.apply("--limit", "node")
    assert plans_again.returncode == 0, plans_again.stdout
    empty = ansible.playbook("plan", "--limit", "node", "-e", "edgesite_exit_on_changes=true")
    assert empty.returncode == 0, empty.stdout


@pytest.mark.deep
def test_a_layer_that_hangs_does_not_hide_the_others(plans, ansible, lab):
    ansible.wants("node", gpu_settings=SETTINGS, tls_services=[{"unit": "ssh.service"}])
    lab.sim("node", "fail", "nvmlInitWithFlags", "--hang", "--every")
    try:
        run = ansible.playbook("plan", "--limit", "node")
    finally:
        lab.sim("node", "fail", "--clear")
    assert run.returncode == 2 and "does not answer" in run.stdout and "tls" in run.stdout, run.stdout


@pytest.mark.deep
def test_host_tools_of_another_version_are_not_used(plans, ansible, lab):
    assert ansible.playbook("site", "--limit", "node").returncode == 0
    lab.on(
        "node",
        "sh",
        "-c",
        "cd /usr/local/lib/edgesite-gpu && mv $(readlink current) 0123456789abcdef && "
        "ln -sfn 0123456789abcdef current && echo broken >current/__main__.py",
    )
    run = ansible.playbook("plan", "--limit", "node")
    assert run.returncode == 0 and "the host tools" in run.stdout, run.stdout


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(30))
def test_what_is_planned_is_what_is_done(plans, ansible, lab, tmp_path, seed):
    """Judged by what the product does not write: the calls that changed a GPU, and the files under /etc."""
    chance = random.Random(seed)
    assert ansible.playbook("site", "--limit", "node").returncode == 0
    ways = {
        "power": "nvmlsim reset --gpu 1",
        "settings": "echo '{}' >/etc/edgesite-gpu/settings.json",
        "unit": "systemctl disable edgesite-gpu-mig.service",
        "gone": "rm /etc/systemd/system/edgesite-gpu-settings.service",
        "mig": "rm /etc/edgesite-gpu/mig.json",
    }
    for name in chance.sample(sorted(ways), chance.randint(1, 3)):
        lab.on("node", "sh", "-c", ways[name])
    lab.changes("node")
    before = listing(lab)
    plans.make("--limit", "node")
    assert lab.changes("node") == [] and listing(lab) == before
    report = tmp_path / "report.json"
    applied = plans.apply("--limit", "node", "-e", f"edgesite_report_file={report}")
    assert applied.returncode == 0, applied.stdout
    planned = plans.planned("node")
    assert [does for does in planned if "host tools" not in does] == done(report, "node")
    calls, after = lab.changes("node"), listing(lab)
    assert len(calls) == len([does for does in planned if does.startswith(("set ", "turn ", "create ", "destroy "))])
    written = {path for path in set(before) | set(after) if before.get(path) != after.get(path)}
    assert written == {
        does.partition(" ")[2] for does in planned if does.startswith(("write /etc", "replace /etc"))
    } | links(planned)


def listing(lab):
    """Digest of each file, and target of each link, below /etc."""
    files = lab.on("node", "sh", "-c", "find /etc -type f -exec sha256sum {} + ; find /etc -type l -printf '%l  %p\\n'")
    return {path: digest for digest, path in (line.split(None, 1) for line in files.splitlines())}


def links(planned):
    wants = "/etc/systemd/system/multi-user.target.wants/"
    return {wants + does.partition(" ")[2] for does in planned if does.startswith(("enable ", "disable "))}
