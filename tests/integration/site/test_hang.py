# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What never answers holds neither a boot nor a run: a driver, a TPM, apt, and openssl on the controller.

Each takes its limit, a minute or so: make test-deep PART=hang.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.deep

ROOT = Path(__file__).resolve().parents[3]
HANGING_FILE = (ROOT / "tests/lab/nvml/hanging_file.py").read_text()
UNITS = "/etc/systemd/system"
# A driver's limit, the time that a process in the kernel gets to go, and a boot.
BOOT_SECONDS = 150
RUNTIMES = ("containerd", "docker")
RUNTIME = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target"
# The folder is mounted before the unit that needs it starts.
MOUNT = """[Unit]
DefaultDependencies=no
Before=basic.target
After=local-fs.target
[Service]
ExecStart=/usr/bin/python3 /opt/hanging_file.py /run/hanging
ExecStartPost=/bin/sh -c 'until [ -e /run/hanging/hangs ]; do sleep 0.1; done'
[Install]
WantedBy=basic.target"""


def write(lab, path, content):
    lab.on("node", "sh", "-c", f"cat >{path} <<'END'\n{content}\nEND")


@pytest.fixture
def unit(lab, ansible):
    """The host `node` with a boot unit, and with units by the names of container runtimes, which start after it."""
    setting = {"gpus": "all", "persistence_mode": True}
    tasks = [{"edgesite.gpu.host_tools": {}}, {"edgesite.gpu.gpu_settings": {"settings": [setting]}}]
    assert not [result for result in ansible.tasks("node", *tasks) if result.get("failed")]
    for name in RUNTIMES:
        write(lab, f"{UNITS}/{name}.service", RUNTIME)
    lab.on("node", "systemctl", "enable", *RUNTIMES)
    yield "edgesite-gpu-settings.service"
    lab.sim("node", "fail", "--clear")
    lab.on("node", "systemctl", "disable", "--now", *RUNTIMES)
    lab.on("node", "rm", *(f"{UNITS}/{name}.service" for name in RUNTIMES))


@pytest.fixture
def hanging(lab):
    """A file of the host's whose readers hang in the kernel, from its boot on."""
    write(lab, "/opt/hanging_file.py", HANGING_FILE)
    write(lab, f"{UNITS}/hanging.service", MOUNT)
    lab.on("node", "systemctl", "enable", "hanging")
    yield "/run/hanging/hangs"
    lab.on("node", "systemctl", "disable", "--now", "hanging")
    lab.on("node", "rm", f"{UNITS}/hanging.service")


def booted(lab):
    """Reboots; what does not run as it should once everything has started or failed, and how long that took."""
    began = time.monotonic()
    lab.reboot("node")
    assert time.monotonic() - began < BOOT_SECONDS
    return lab.on("node", "systemctl", "--failed", "--plain", "--no-legend").split()


def goes_on(lab, unit):
    failed = booted(lab)
    assert unit in failed
    assert lab.on("node", "systemctl", "is-active", "multi-user.target", *RUNTIMES).split() == ["active"] * 3
    journal = lab.on("node", "journalctl", "--boot", "-o", "cat", "-u", unit)
    assert "The NVIDIA driver does not answer: nvmlInit has not returned within 60 s" in journal


def test_boot_with_a_driver_that_never_answers(lab, unit):
    lab.sim("node", "fail", "nvmlInitWithFlags", "--hang", "--every")
    goes_on(lab, unit)


def test_boot_with_a_driver_that_hangs_in_the_kernel(lab, unit, hanging):
    lab.sim("node", "fail", "nvmlInitWithFlags", f"--hang={hanging}", "--every")
    goes_on(lab, unit)
    assert " D" in lab.on("node", "ps", "-eo", "cmd,state")


# --- runs of a playbook

# Seconds that a run takes where everything answers, and those that it may take beyond that.
WORK, LIMIT = 60, 90
PASSPHRASE = "a passphrase of the test"


@pytest.fixture
def converge(ansible, tmp_path):
    """Runs the playbook site, which has something to do on both hosts; returns its words and its report by host."""
    report = tmp_path / "report.json"
    ansible.wants("other", gpu_settings=[{"gpus": "all", "persistence_mode": True}])

    def run(beyond=0, **environment):
        began = time.monotonic()
        done = ansible.playbook("site", "-e", f"edgesite_report_file={report}", **environment)
        assert time.monotonic() - began < WORK + LIMIT + beyond
        assert done.returncode == 2, done.stdout
        rows = {row["host"]: row for row in json.loads(report.read_text())}
        assert rows["other"]["status"] == "done", rows
        assert rows["node"]["status"] == "failed", rows
        return rows["node"]["why"]

    return run


@pytest.fixture
def identity(ansible, tmp_path):
    """The host `node` is to have an identity from a CA that is there."""
    trust = {"identity_ek_trust": "first_use"}
    ansible.wants("node", identity_ca_dir=str(tmp_path / "ca"), identity_ca_passphrase=PASSPHRASE, **trust)
    made = ansible.playbook("site_ca", "-e", "edgesite_hosts=node")
    assert made.returncode == 0, made.stdout


@pytest.mark.usefixtures("identity")
def test_tpm_that_never_answers(lab, converge):
    lab.run("tpm", "faults", "node", "hang")
    try:
        why = converge()
    finally:
        lab.run("tpm", "faults", "node", "fast")
    assert "tpm2_getcap did not answer within 20 s" in why


@pytest.mark.usefixtures("identity")
def test_openssl_that_never_answers(converge, tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "openssl").write_text("#!/bin/sh\nexec sleep 3600\n")
    (programs / "openssl").chmod(0o755)
    why = converge(PATH=f"{programs}{os.pathsep}{os.environ['PATH']}")
    assert "openssl did not answer within 30 s on the controller" in why


def test_apt_that_never_returns(lab, ansible, converge):
    hook = "/etc/apt/apt.conf.d/99-hangs"
    write(lab, hook, 'APT::Update::Pre-Invoke {"sleep 3600";};')
    ansible.wants("node", driver_branch="535", driver_source="distribution", driver_package_timeout=60)
    try:
        why = converge(beyond=60)
    finally:
        lab.on("node", "rm", hook)
    assert "apt-get did not answer within 60 s, and was stopped" in why
