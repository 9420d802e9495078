# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook validate, and runs that would do nothing. No host is reached."""

from __future__ import annotations

import json
import subprocess

import pytest
from ansible_collections.edgesite.gpu.tests.unit.mistakes import site


@pytest.fixture(name="folder")
def fixture_folder(tmp_path):
    site.make(tmp_path)
    return tmp_path


def playbook(name, *arguments):
    return subprocess.run(
        ["ansible-playbook", name if "/" in name else f"edgesite.gpu.{name}", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("more", [[], ["--check"]], ids=["run", "check"])
def test_every_mistake_of_every_host_is_listed_at_once(folder, more):
    mistakes = [one for one in site.mistakes(folder) if "facts" not in one]
    hosts = {f"gpu-{number:03}": one for number, one in enumerate(mistakes)}
    site.inventory(hosts, folder / "inventory.yml")
    written = folder / "check.json"
    run = playbook("validate", "-i", folder / "inventory.yml", "-e", f"edgesite_report_file={written}", *more)
    assert run.returncode == 2, run.stdout
    problems = json.loads(written.read_text())["problems"]
    named = [host for problem in problems for host in problem["hosts"] or [problem["host"]]]
    # what is given with -e takes the place of the one mistake that is in this variable itself
    right = {name for name, one in hosts.items() if "edgesite_report_file" in one["variables"]}
    assert sorted(named) == sorted(set(hosts) - right), run.stdout
    for problem in problems:
        assert problem["variable"] and problem["problem"] in run.stdout and problem["fix"] in run.stdout
    assert f"{len(problems)} problems found" in run.stdout
    assert "ok=0    changed=0    unreachable=0    failed=1" in run.stdout


def test_a_good_inventory(folder):
    hosts = {"gpu-1": {"variables": {"driver_branch": "580", "gpu_settings": [{"gpus": [{"model": "A100"}]}]}}}
    site.inventory(hosts, folder / "inventory.yml")
    run = playbook("validate", "-i", folder / "inventory.yml")
    assert run.returncode == 0, run.stdout
    assert "No problems found" in run.stdout and "layers driver, gpu" in run.stdout
    assert "Not checked: the hosts themselves" in run.stdout


def test_variables_are_evaluated_as_tasks_would(folder):
    inventory = folder / "inventory.yml"
    inventory.write_text("""
edgesite:
  hosts:
    gpu-1: {branch: "580"}
    gpu-2: {branch: "570"}
  vars:
    driver_branch: "{{ hostvars[inventory_hostname].branch }}"
    driver_extra_packages: "{{ ansible_play_hosts_all | map('extract', hostvars, 'branch') | map('string') }}"
    driver_hold: "{{ vars['branch'] == '580' }}"
    gpu_settings: "{{ lookup('edgesite.gpu.from_inventory', []) }}"
""")
    run = playbook("validate", "-i", inventory, "-e", '{"edgesite_hosts": ["gpu-1", "gpu-2"]}')
    assert run.returncode == 0 and "layers driver, gpu" in run.stdout, run.stdout


def test_the_first_host_does_not_stop_the_judgement_of_the_others(folder):
    inventory = folder / "inventory.yml"
    inventory.write_text(
        "edgesite: {hosts: {gpu-1: , gpu-2: {mig_layot: []}}, vars: {edgesite_tags_allowed: [shop]}}\n"
    )
    facts = {"edgesite_hosts": "nowhere", "edgesite_report_file": f"{folder}/lie.json", "query": 5, "lookup": 5}
    lies = {"ansible.builtin.set_fact": {**facts, "cacheable": True}, "tags": ["always"]}
    play = {"hosts": "gpu-1", "gather_facts": False, "tasks": [lies]}
    (folder / "site.yml").write_text(json.dumps([play, {"import_playbook": "edgesite.gpu.validate"}]))
    run = playbook(str(folder / "site.yml"), "-i", inventory, "--limit", "gpu-*", "--tags", "all,shop")
    assert "gpu-1: [facts] Facts of gpu-1 would take the place of variables" in run.stdout, run.stdout
    assert "gpu-2: [variables] mig_layot is not a variable" in run.stdout
    assert not (folder / "lie.json").exists()


def test_a_secret_is_not_in_the_reason(folder):
    inventory = folder / "inventory.yml"
    inventory.write_text("""
edgesite:
  hosts:
    gpu-1: {identity_ca_passphrase: "pa{%secretpw", identity_ca_dir: /nowhere}
""")
    run = playbook("validate", "-i", inventory, "-e", f"edgesite_report_file={folder}/no/file.json")
    assert run.returncode == 2 and "identity_ca_passphrase cannot be evaluated" in run.stdout, run.stdout
    assert "secretpw" not in run.stdout and "in a folder that does not exist" in run.stdout


@pytest.mark.parametrize("name", ["validate", "preflight", "site"])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-e", "edgesite_hosts=no_such_group"], "The run has no hosts"),
        (["--limit", "elsewhere"], "The run has no hosts"),
        (["--tags", "drivers"], "No task of this collection has the tag drivers"),
        (["--skip-tags", "drivers"], "No task of this collection has the tag drivers"),
    ],
)
def test_a_run_that_would_do_nothing_fails_at_once(folder, name, arguments, words):
    inventory = folder / "inventory.yml"
    inventory.write_text("edgesite: {hosts: {gpu-1: {ansible_host: 192.0.2.1}}}\nothers: {hosts: {elsewhere: }}\n")
    run = playbook(name, "-i", inventory, *arguments)
    assert run.returncode == 2 and words in run.stdout, run.stdout


def test_preflight_looks_at_a_host_despite_mistakes(folder):
    """The host is this machine, which is only read."""
    inventory, written = folder / "inventory.yml", folder / "problems.json"
    inventory.write_text("""\
edgesite:
  hosts:
    wrong:
      mig_layout: []
      gpu_settings: [{gpus: all, power_limit: lots}]
      storage_volumes: [{name: Data, device: /dev/sdb, mount: /srv/data}]
      storage_escrow_dir: /nowhere
    refused: {gpu_settings: "{{ nowhere }}"}
    cut: {ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 1}
  vars:
    ansible_connection: local
    ansible_become: false
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
""")
    run = playbook("preflight", "-i", inventory, "-e", f"edgesite_report_file={written}")
    assert run.returncode == 2, run.stdout
    report = json.loads(written.read_text())
    assert {one["variable"] for one in report["problems"] if one["host"] in ("wrong", "refused")} >= {
        "mig_layout",
        "gpu_settings[0].power_limit",
        "gpu_settings",
        "storage_volumes[0].name",
    }
    assert [one["host"] for one in report["problems"] if one["layer"] in ("connection", "facts")] == ["cut"]
    assert report["checked"][-1] == "what 2 of them have"
