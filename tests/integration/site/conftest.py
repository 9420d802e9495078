# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulated site `faults`, with ansible and the simulator's controls at hand."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from edgelab.places import container_name
from edgelab.podman import Podman

ROOT = Path(__file__).resolve().parents[3]
SITE = "faults"


class Lab:
    """The site's hosts, from below: the simulator, systemd, the network cable."""

    def __init__(self):
        self._podman = Podman()

    def run(self, *arguments, check=True):
        done = subprocess.run(
            [str(ROOT / "tests/lab/lab"), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout
        return done.stdout

    def on(self, host, *command, check=True):
        """What a command, run as root on the host, prints."""
        return self._finish(self._begin(host, command), check)

    def on_all(self, hosts, *command):
        """Runs a command on several hosts at once."""
        for running in [self._begin(host, command) for host in hosts]:
            self._finish(running, True)

    def _begin(self, host, command):
        # what `lab exec` runs, without the lab's own start, as tests do this by the hundred
        return subprocess.Popen(
            self._podman.argv("exec", "--interactive", container_name(SITE, host), *command),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def _finish(self, running, check):
        output, _none = running.communicate()
        assert not check or running.returncode == 0, output
        return output

    def sim(self, host, *arguments):
        return self.on(host, "nvmlsim", *arguments)

    def gpus(self, host):
        return json.loads(self.sim(host, "show", "--json"))["gpus"]

    def changes(self, host):
        """The calls that changed a GPU's state since the last look."""
        listed = self.on(host, "sh", "-c", "nvmlsim calls && nvmlsim calls --clear")
        return [line for line in listed.splitlines() if line.strip()]

    def reboot(self, host):
        self.run("reboot", "--site", SITE, host)


class Ansible:
    """ansible and ansible-playbook on the site, with variables of a test's own."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "lab.sh").write_text(f'#!/bin/sh\nexec "{ROOT}/tests/lab/inventory.sh" "$@"\n')
        (folder / "lab.sh").chmod(0o755)
        (folder / "host_vars").mkdir()

    def wants(self, host, **variables):
        (self.folder / "host_vars" / f"{host}.json").write_text(json.dumps(variables))

    def environment(self):
        """Of ansible's programs."""
        return {**os.environ, "LAB_SITE": SITE, "ANSIBLE_NOCOLOR": "1"}

    def _run(self, command, **environment):
        return subprocess.run(
            command,
            cwd=ROOT,
            env={**self.environment(), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )

    def module(self, host, name, check=False, become=True, **options):
        """The result of one module on one host, as a dictionary."""
        done = self._run(
            ["ansible", host, "-i", str(self.folder), "-m", f"edgesite.gpu.{name}"]
            + ["-a", json.dumps(options)] * bool(options)
            + ["--become"] * become
            + ["--check"] * check,
            ANSIBLE_LOAD_CALLBACK_PLUGINS="1",
            ANSIBLE_STDOUT_CALLBACK="ansible.builtin.minimal",
            ANSIBLE_CALLBACK_RESULT_FORMAT="json",
        )
        assert "Traceback" not in done.stdout, done.stdout
        head, found, body = done.stdout.partition("=> {")
        assert found, done.stdout
        return {**json.JSONDecoder().raw_decode("{" + body)[0], "failed": "FAILED!" in head}

    def tasks(self, host, *tasks):
        """The results of tasks of one play, as root where they do not say otherwise; the play goes on where one fails.

        Far quicker than as many calls of module().
        """
        names = [f"result_{number}" for number in range(len(tasks))]
        results = self.folder.parent / "results.json"
        told = {"content": "{{ [%s] | to_json }}" % ", ".join(names), "dest": str(results)}
        play = {
            "hosts": host,
            "gather_facts": False,
            "become": True,
            "tasks": [{**task, "register": name, "ignore_errors": True} for task, name in zip(tasks, names)]
            + [{"ansible.builtin.copy": told, "delegate_to": "localhost", "become": False}],
        }
        book = self.folder.parent / "tasks.json"
        book.write_text(json.dumps([play]))
        done = self._run(["ansible-playbook", str(book), "-i", str(self.folder)])
        assert done.returncode == 0 and "Traceback" not in done.stdout, done.stdout
        return json.loads(results.read_text())

    def command(self, playbook, *arguments):
        """playbook: one of the collection's, or the path of another."""
        name = playbook if os.sep in playbook else f"edgesite.gpu.{playbook}"
        return ["ansible-playbook", name, "-i", str(self.folder), *arguments]

    def playbook(self, playbook, *arguments, **environment):
        """A finished run of a playbook: returncode and stdout."""
        done = self._run(self.command(playbook, *arguments), **environment)
        assert "Traceback" not in done.stdout, done.stdout
        return done


@pytest.fixture(scope="session", name="site")
def fixture_site():
    lab = Lab()
    lab.run("up", SITE)
    yield lab
    lab.run("down", SITE)


@pytest.fixture(scope="session", name="ansible_in")
def fixture_ansible_in():
    """Ansible with an inventory in another folder."""
    return Ansible


@pytest.fixture(name="lab")
def fixture_lab(site):
    """The hosts as new: GPUs as shipped, nothing of ours on disk."""
    site.on_all(
        ["node", "other"],
        "sh",
        "-c",
        "rm -rf /etc/edgesite-gpu /run/edgesite-gpu /usr/local/lib/edgesite-gpu "
        "/etc/systemd/system/edgesite-gpu-* /etc/systemd/system/*.wants/edgesite-gpu-*; "
        "systemctl daemon-reload; systemctl reset-failed; nvmlsim kill-process --all; "
        "nvmlsim init --fleet /usr/lib/edgelab/fleet && nvmlsim calls --clear",
    )
    return site


@pytest.fixture(name="ansible")
def fixture_ansible(tmp_path, lab):
    # A folder of its own, as ansible takes every file in it for an inventory.
    folder = tmp_path / "inventory"
    folder.mkdir()
    return Ansible(folder)
