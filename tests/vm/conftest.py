# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine, the operators' certificate, and the role storage on it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from .machine import ROOT, Machine

GIB = 1 << 30


class Site:
    """Runs the role on the machine from the outside, as a user does."""

    def __init__(self, folder: Path, machine: Machine) -> None:
        self.folder = folder
        self.machine = machine
        self.certificate = folder / "recovery.pem"
        self.private_key = folder / "recovery.key"
        self.escrow = folder / "escrow" / "edge-vm"
        _openssl(
            *("req", "-x509", "-newkey", "rsa:3072", "-nodes", "-subj", "/CN=recovery", "-days", "30"),
            *("-keyout", str(self.private_key), "-out", str(self.certificate)),
        )
        host = {
            "ansible_host": "127.0.0.1",
            "ansible_port": machine.port,
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(machine.key),
            "ansible_ssh_common_args": "-oStrictHostKeyChecking=no -oUserKnownHostsFile=/dev/null",
            "ansible_python_interpreter": "/usr/bin/python3",
        }
        (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": {"edge-vm": host}}}))

    def converge(self, *volumes: dict, check: bool = True, **variables: object) -> dict:
        """The role's result; with check=False also that of a run that failed, as {'msg': all that it said}."""
        result = self.folder / "result.json"
        result.unlink(missing_ok=True)
        variables = {
            "storage_volumes": list(volumes),
            "storage_recovery_certificate": str(self.certificate),
            "storage_escrow_dir": str(self.escrow.parent),
            "vm_result": str(result),
            **variables,
        }
        began = time.monotonic()
        done = subprocess.run(
            ["ansible-playbook", "--diff", "-i", str(self.folder / "hosts.json")]
            + [str(ROOT / "tests" / "vm" / "converge.yml"), "-e", json.dumps(variables)],
            env={**os.environ, "ANSIBLE_TIMEOUT": "300", "ANSIBLE_PIPELINING": "1", "ANSIBLE_LOCALHOST_WARNING": "0"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=1800,
            check=False,
        )
        print("role: {0:.0f} s, rc {1}".format(time.monotonic() - began, done.returncode))
        (self.folder / "ansible.log").open("a").write(done.stdout)
        if check:
            assert done.returncode == 0, done.stdout
            return json.loads(result.read_text())
        assert done.returncode != 0, done.stdout
        return {"msg": " ".join(done.stdout.split())}

    def recovery_key(self, uuid: str) -> str:
        """What an operator does with the file in escrow."""
        return _openssl(
            *("cms", "-decrypt", "-inform", "PEM", "-in", str(self.escrow / (uuid + ".pem"))),
            *("-inkey", str(self.private_key), "-recip", str(self.certificate)),
        )


def _openssl(*arguments: str) -> str:
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="session")
def machine(tmp_path_factory):
    machine = Machine(tmp_path_factory.mktemp("vm"))
    machine.add_disk("DATA1", GIB)
    machine.add_disk("LOGS", GIB)
    used = machine.add_disk("USED", GIB // 4)
    subprocess.run(["/sbin/mke2fs", "-q", "-t", "ext4", "-L", "precious", str(used)], check=True)
    yield machine
    machine.off()


@pytest.fixture(scope="session")
def site(tmp_path_factory, machine):
    return Site(tmp_path_factory.mktemp("site"), machine)
