# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that lies does not reach beyond itself: playbooks as they are shipped, and Ansible's default settings.

What answers as Python on the host `node` is tests/lab/hostile/liar.py, which alters what modules return.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = ROOT / "tests/lab/hostile/liar.py"
LIAR = "/opt/liar/python3"
PASSPHRASE = "a passphrase of the test"
UUID = "0e4c5f5a-7a1f-4f6e-9d63-2f8b1c9a7e10"


class Liar:
    """The host `node`, with what it is to say besides, and a controller with a CA."""

    def __init__(self, ansible, lab, folder):
        self.ansible = ansible
        self.lab = lab
        self.folder = folder
        self.touched = folder / "touched"
        self.report = folder / "report.json"
        (folder / "ansible.cfg").write_text("")
        # not the project's own settings, but Ansible's
        self.defaults = {
            "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build/collections"),
        }

    def wants(self, **variables):
        own = {"ansible_python_interpreter": LIAR, "identity_ca_dir": str(self.folder / "ca")}
        pinned = {"identity_ek_trust": "pinned", "identity_ek_sha256": ["0" * 64]}
        secret = {"identity_ca_passphrase": PASSPHRASE}
        self.ansible.wants("node", **own, **pinned, **secret, **variables)

    def lies(self, module, **adds):
        text = json.dumps([{"module": module, "adds": adds}])
        self.lab.on("node", "sh", "-c", f"cat >/etc/lies.json <<'END'\n{text}\nEND")

    def run(self, *arguments, before=()):
        """The playbook site, after tasks of the user's own."""
        book = self.folder / "book.yml"
        hosts = {"hosts": "all", "gather_facts": False, "tasks": list(before)}
        book.write_text(json.dumps([hosts, {"ansible.builtin.import_playbook": "edgesite.gpu.site"}]))
        self.report.unlink(missing_ok=True)
        return self.ansible.playbook(str(book), *arguments, **self.defaults)

    def reported(self):
        return ["-e", f"edgesite_report_file={self.report}"]

    def rows(self):
        return {row["host"]: row for row in json.loads(self.report.read_text())}

    def nothing_done(self):
        devices = self.folder / "ca/state/devices"
        return not self.touched.exists() and not (devices.exists() and list(devices.iterdir()))


@pytest.fixture(name="liar")
def fixture_liar(ansible, lab, tmp_path):
    files = {LIAR: '#!/bin/sh\nexec /usr/bin/python3 /opt/liar/liar.py "$@"', "/opt/liar/liar.py": PROGRAM.read_text()}
    lab.on("node", "mkdir", "-p", "/opt/liar")
    for name, content in files.items():
        lab.on("node", "sh", "-c", f"cat >{name} <<'END'\n{content}\nEND\nchmod 755 {name}")
    liar = Liar(ansible, lab, tmp_path)
    liar.wants()
    return liar


@pytest.fixture(scope="module", name="made")
def fixture_made(tmp_path_factory, ansible_in):
    """A CA, made once."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "inventory").mkdir()
    ansible = ansible_in(folder / "inventory")
    ansible.wants("node", identity_ca_dir=str(folder / "ca"), identity_ca_passphrase=PASSPHRASE)
    made = ansible.playbook("site_ca", "-e", "edgesite_hosts=node")
    assert made.returncode == 0, made.stdout
    return folder / "ca"


@pytest.fixture(name="authority")
def fixture_authority(liar, made):
    shutil.copytree(made, liar.folder / "ca")


def facts(liar):
    """What would let the host have its way with the controller, in one answer."""
    return {
        "identity_ek_trust": "first_use",
        "identity_ek_sha256": [],
        "identity_subject": {"common_name": "bravo"},
        "identity_subject_alt_names": ["DNS:bravo"],
        "identity_authority": {
            "roots": [str(liar.folder / "ca/root.pem")],
            "command": ["/bin/sh", "-c", f"touch {liar.touched}"],
        },
        "storage_encryption_recovery_certificate": "/etc/passwd",
        "edgesite_facts_allowed": ["identity_authority", "edgesite_report_file"],
        "edgesite_report_file": str(liar.touched),
        "driver_mirror": {"url": "http://hub", "key": "/etc/passwd", "key_fingerprint": "0" * 40},
        "mig_from_file": "/etc/passwd",
    }


LOOK = {"ansible.builtin.stat": {"path": "/etc"}}


@pytest.mark.usefixtures("authority")
def test_facts_in_an_answer_of_a_module_of_ours(liar):
    stranger = {"host_name": "other", "host_vars": {"ansible_connection": "local"}}
    liar.lies("tpm_info", ansible_facts=facts(liar), add_host=stranger)
    run = liar.run(*liar.reported())
    rows = liar.rows()
    assert run.returncode == 2, run.stdout
    assert {host: row["status"] for host, row in rows.items()} == {"node": "failed", "other": "done", "hub": "done"}
    assert "identity_authority" in rows["node"]["why"] and "on node" in rows["node"]["why"]
    assert liar.nothing_done()


@pytest.mark.usefixtures("authority")
def test_facts_in_an_answer_of_somebody_elses_module(liar):
    liar.lies("stat", ansible_facts=facts(liar))
    run = liar.run(*liar.reported(), before=[LOOK])
    rows = liar.rows()
    assert run.returncode == 2, run.stdout
    assert {host: row["status"] for host, row in rows.items()} == {"node": "failed", "other": "done", "hub": "done"}
    assert "identity_authority" in rows["node"]["why"]
    assert liar.nothing_done()


def test_facts_that_a_task_with_run_once_gives_to_all_hosts(liar):
    liar.lies("stat", ansible_facts={"edgesite_report_file": str(liar.touched), "tls_services": []})
    once = {**LOOK, "run_once": True}
    run = liar.run("--limit", "node,other", before=[once])
    assert run.returncode == 2, run.stdout
    for host in ("node", "other"):
        assert f"set edgesite_report_file, tls_services of {host}" in " ".join(run.stdout.split()), run.stdout
    assert not liar.touched.exists()


@pytest.mark.parametrize("layer", ["driver", "mig", "storage", "identity", "report"])
def test_each_layer_by_itself(liar, layer):
    """Also without the first of all layers, which would refuse in place of the others."""
    liar.wants(
        driver_branch="550",
        driver_source="mirror",
        driver_mirror={"url": "http://hub", "key": "/dev/null", "key_fingerprint": "0" * 40},
        mig_from_file="/nowhere",
        storage_encryption_volumes=[],
        storage_encryption_recovery_certificate="/dev/null",
        storage_encryption_escrow_dir=str(liar.folder / "escrow"),
    )
    liar.lies("stat", ansible_facts=facts(liar))
    run = liar.run("--limit", "node", "--tags", f"always,{layer}", before=[{**LOOK, "tags": "always"}])
    assert run.returncode == 2, run.stdout
    assert "Not the inventory, but a host set" in " ".join(run.stdout.split()), run.stdout
    assert "root:x:0" not in run.stdout and not liar.touched.exists()
    assert "root:x:0" not in liar.lab.on("node", "sh", "-c", "cat /etc/apt/keyrings/edgesite* || true")


@pytest.mark.parametrize("uuid", ["../honest/1111-2222", "../../ca/root", UUID])
def test_names_and_keys_for_escrow(liar, uuid):
    escrow = liar.folder / "escrow"
    liar.wants(
        storage_encryption_volumes=[],
        storage_encryption_recovery_certificate="/dev/null",
        storage_encryption_escrow_dir=str(escrow),
    )
    volumes = [{"name": "data", "uuid": uuid, "recovery": "-----BEGIN CMS-----\nAAAA\n-----END CMS-----\n"}]
    liar.lies("luks_volume", volumes=volumes, changed=True, actions=[])
    run = liar.run("--limit", "node", "--tags", "storage")
    assert run.returncode == 2, run.stdout
    assert uuid in run.stdout and "nothing was written into escrow" in " ".join(run.stdout.split()), run.stdout
    assert not escrow.exists()
