# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of the scenario by name, as testinfra sees them over SSH."""

from __future__ import annotations

import functools
import json
import subprocess
import tempfile
from pathlib import Path

import pytest
import testinfra

# one connection for all that a test asks of a host
SHARED = "-o ControlMaster=auto -o ControlPersist=10s -o ControlPath={}/%C".format(tempfile.mkdtemp(prefix="ssh-"))
INVENTORY = Path(__file__).resolve().parents[2] / "tests" / "lab" / "inventory.sh"


def connect(name):
    shown = subprocess.run([INVENTORY, "--host", name], capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    host = json.loads(shown.stdout)
    return testinfra.get_host(
        "ssh://{ansible_user}@{ansible_host}".format(**host),
        ssh_identity_file=host["ansible_ssh_private_key_file"],
        ssh_extra_args=f"{host['ansible_ssh_common_args']} {SHARED}",
    )


@pytest.fixture(name="monitored")
def fixture_monitored():
    return connect("monitored")


@pytest.fixture(name="busy")
def fixture_busy():
    return connect("busy")


@pytest.fixture(name="hopper")
def fixture_hopper():
    return connect("hopper")


@pytest.fixture(name="mixed")
def fixture_mixed():
    return connect("mixed")


@pytest.fixture(name="ecc")
def fixture_ecc():
    return connect("ecc")


@pytest.fixture(name="exclusive")
def fixture_exclusive():
    return connect("exclusive")


@pytest.fixture(name="hub")
def fixture_hub():
    return connect("hub")


@pytest.fixture(name="orin")
def fixture_orin():
    return connect("orin")


@pytest.fixture(name="xavier")
def fixture_xavier():
    return connect("xavier")


@pytest.fixture(name="upgraded")
def fixture_upgraded():
    return connect("orin-2")


@pytest.fixture(name="held")
def fixture_held():
    return connect("xavier-2")


@pytest.fixture(name="trixie")
def fixture_trixie():
    return connect("trixie")


@pytest.fixture(name="bookworm")
def fixture_bookworm():
    return connect("bookworm")


class Cards:
    """The simulated cards of a host, from below."""

    def __init__(self, host):
        self.host = host

    def _run(self, *arguments):
        with self.host.sudo():
            return self.host.check_output("nvmlsim " + " ".join(arguments))

    def all(self):
        return json.loads(self._run("show", "--json"))["gpus"]

    def processes(self):
        """Names of the processes by pid."""
        return {entry["pid"]: entry["name"] for entry in json.loads(self._run("show", "--json"))["processes"]}

    def modes(self):
        return [bool(card["mig"]["current"]) for card in self.all()]

    def layouts(self):
        """The instances of each card as PROFILE@START, with the compute instances where they are several."""
        return [layout(card) for card in self.all()]

    def callers(self, *functions):
        """Pids of those who called one of these functions, once for each call."""
        calls = [line.split() for line in self._run("calls").splitlines()]
        return [call[1] for call in calls if call[2] in functions]


def layout(card):
    shown = []
    for instance in card["mig"]["gpu_instances"]:
        parts = sorted(part["name"].split(".")[0] for part in instance["compute_instances"])
        inner = "/".join(parts) if len(parts) > 1 else ""
        shown.append(f"{instance['profile']}@{instance['start']}{inner and ' ' + inner}")
    return sorted(shown)


@pytest.fixture(name="cards")
def fixture_cards():
    return Cards


@pytest.fixture(name="connect", scope="session")
def fixture_connect():
    """A host by its name."""
    return functools.lru_cache(maxsize=None)(connect)
