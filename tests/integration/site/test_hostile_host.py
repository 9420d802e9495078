# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that lies does not reach beyond itself: playbooks as they are shipped, and Ansible's default settings.

What answers as Python on the host `node` is tests/lab/hostile/liar.py, which alters what modules return. All but the
first ways are in make test-deep PART=faults.
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
        "storage_recovery_certificate": "/etc/passwd",
        "edgesite_facts_allowed": ["identity_authority", "edgesite_report_file"],
        "edgesite_report_file": str(liar.touched),
        "driver_mirror": {"url": "http://hub", "key": "/etc/passwd", "key_fingerprint": "0" * 40},
        "mig_from_file": "/etc/passwd",
    }


def words(run):
    """What was printed, however the lines were broken."""
    return " ".join(run.stdout.split())


LOOK = {"ansible.builtin.stat": {"path": "/etc"}}


@pytest.mark.usefixtures("authority")
def test_facts_in_an_answer_of_a_module_of_ours(liar):
    stranger = {"host_name": "other", "host_vars": {"ansible_connection": "local"}}
    liar.lies("tpm_info", ansible_facts=facts(liar), add_host=stranger)
    run = liar.run(*liar.reported())
    rows = liar.rows()
    assert run.returncode == 2, run.stdout
    assert {host: row["status"] for host, row in rows.items()} == {"node": "failed", "other": "done", "hub": "done"}
    assert "identity_authority" in rows["node"]["why"] and "Facts of node" in rows["node"]["why"]
    assert liar.nothing_done()


@pytest.mark.deep
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
        assert f"Facts of {host} would take the place of variables: edgesite_report_file, tls_services" in words(run)
    assert not liar.touched.exists()


@pytest.mark.deep
def test_variables_that_run_something_are_not_evaluated_with_a_hosts_word(liar):
    """Before a task's options, and before a role's: an inventory may get its secrets by such lookups."""
    fetched = "{{ lookup('ansible.builtin.pipe', 'echo ' ~ site_name) }}"
    liar.wants(site_name="shop", storage_volumes=[], storage_recovery_certificate=fetched)
    liar.lies("stat", ansible_facts={"site_name": f"x; touch {liar.touched}"})
    run = liar.run("--limit", "node", "--tags", "always,storage", before=[{**LOOK, "tags": "always"}])
    assert run.returncode == 2 and "Facts of node would take the place" in words(run), run.stdout
    assert not liar.touched.exists()


@pytest.mark.deep
def test_a_report_that_the_last_answer_of_a_host_asks_for(liar):
    """By a module that is not ours, as the last one of a role."""
    liar.wants(gpu_settings=[])
    liar.lies("stat", ansible_facts={"edgesite_report_file": str(liar.touched), "report_hosts": ["node"]})
    run = liar.run("--limit", "node,other", "--tags", "always,report", before=[{**LOOK, "tags": "always"}])
    assert run.returncode == 2 and "node did not converge" in words(run) and "other done" in words(run), run.stdout
    assert not liar.touched.exists()


@pytest.mark.deep
def test_honest_hosts_with_facts_of_all_kinds_converge(liar):
    liar.ansible.wants("other", ansible_python_interpreter="auto_silent", gpu_settings=[{"gpus": "all"}])
    gathered = ["setup", "package_facts", "service_facts", "mount_facts"]
    before = [{f"ansible.builtin.{name}": {}} for name in gathered] + [
        {"ansible.builtin.getent": {"database": "group"}}
    ]
    run = liar.run("--limit", "other", before=before)
    assert run.returncode == 0, run.stdout
    again = liar.run("--limit", "other", "-e", "ansible_python_interpreter=auto_silent")
    assert again.returncode == 0, again.stdout


@pytest.mark.deep
@pytest.mark.parametrize("layer", ["driver", "mig", "storage", "identity", "report"])
def test_each_layer_by_itself(liar, layer):
    """Also without the first of all layers, which would refuse in place of the others."""
    liar.wants(
        driver_branch="550",
        driver_source="mirror",
        driver_mirror={"url": "http://hub", "key": "/dev/null", "key_fingerprint": "0" * 40},
        mig_from_file="/nowhere",
        storage_volumes=[],
        storage_recovery_certificate="/dev/null",
        storage_escrow_dir=str(liar.folder / "escrow"),
    )
    liar.lies("stat", ansible_facts=facts(liar))
    run = liar.run("--limit", "node", "--tags", f"always,{layer}", before=[{**LOOK, "tags": "always"}])
    assert run.returncode == 2, run.stdout
    assert "Facts of node would take the place of variables" in words(run), run.stdout
    assert "root:x:0" not in run.stdout and not liar.touched.exists()
    assert "root:x:0" not in liar.lab.on("node", "sh", "-c", "cat /etc/apt/keyrings/edgesite* || true")


@pytest.mark.deep
@pytest.mark.parametrize("uuid", ["../honest/1111-2222", "../../ca/root", UUID])
def test_names_and_keys_for_escrow(liar, uuid):
    escrow = liar.folder / "escrow"
    certificate = liar.folder / "recovery.pem"
    certificate.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    liar.wants(
        storage_volumes=[],
        storage_recovery_certificate=str(certificate),
        storage_escrow_dir=str(escrow),
    )
    volumes = [{"name": "data", "uuid": uuid, "recovery": "-----BEGIN CMS-----\nAAAA\n-----END CMS-----\n"}]
    liar.lies("luks_volume", volumes=volumes, changed=True, actions=[])
    run = liar.run("--limit", "node", "--tags", "storage")
    assert run.returncode == 2, run.stdout
    assert uuid in run.stdout and "nothing was written into escrow" in words(run), run.stdout
    assert not escrow.exists()
