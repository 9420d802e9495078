# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site's CA and what it revokes, on the controller: no host is reached. More in make test-deep PART=faults."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.identity import csr
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.store import Store
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.identity.bench import DeviceKey
from cryptography import x509

ROOT = Path(__file__).resolve().parents[3]
PASSPHRASE = "correct-horse-battery"
INVENTORY = """
edgesite:
  hosts:
    gpu-a: {{ansible_host: 192.0.2.1}}
    gpu-b: {{ansible_host: 192.0.2.2}}
  vars:
    identity_ca_dir: {folder}/ca
    identity_ca_passphrase: {passphrase}
"""


class Site:
    """A folder with an inventory, whose hosts cannot be reached."""

    def __init__(self, folder):
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.ca = folder / "ca"
        (folder / "site.yml").write_text(INVENTORY.format(folder=folder, passphrase=PASSPHRASE))

    def play(self, playbook, *arguments):
        done = subprocess.run(
            ["ansible-playbook", "-i", self.folder / "site.yml", playbook, *arguments],
            cwd=ROOT,
            env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def plays(self, playbook, *arguments):
        """How many tasks changed something, in a run that went well."""
        code, output = self.play(playbook, *arguments)
        assert code == 0, output
        return sum(int(number) for number in re.findall(r"changed=(\d+)", output))

    def enrolled(self, host, ek, serial):
        store = Store(str(self.ca / "state"))
        proof = {"ek_sha256": [ek], "ek_trust": "certified", "ek_issuer": "CN=maker"}
        with store.alone():
            store.record_certificate(host, proof, {"serial": serial, "not_after": "2030-01-01T00:00:00Z"}, time.time())

    def revoked(self):
        return {one.serial_number for one in x509.load_pem_x509_crl((self.ca / "crl.pem").read_bytes())}

    def files(self):
        return {path: path.read_bytes() for path in self.ca.rglob("*") if path.is_file() and path.name != "lock"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A CA as it comes, to copy; check mode made none."""
    site = Site(tmp_path_factory.mktemp("made"))
    assert site.plays("edgesite.gpu.site_ca", "--check")
    assert not site.ca.exists()
    assert site.plays("edgesite.gpu.site_ca")
    return site.ca


@pytest.fixture
def site(tmp_path, made):
    site = Site(tmp_path)
    shutil.copytree(made, site.ca)
    return site


def test_life_of_a_ca(site):
    for name in ("root.key", "issuing.key"):
        assert b"ENCRYPTED" in (site.ca / name).read_bytes() and (site.ca / name).stat().st_mode & 0o777 == 0o600
    root, issuing = (
        x509.load_pem_x509_certificate((site.ca / name).read_bytes()) for name in ("root.pem", "issuing.pem")
    )
    issuing.verify_directly_issued_by(root)
    crl = x509.load_pem_x509_crl((site.ca / "crl.pem").read_bytes())
    assert crl.is_signature_valid(issuing.public_key()) and crl.issuer == issuing.subject
    # The root is kept offline from now on.
    (site.ca / "root.key").unlink()
    made = site.files()
    assert not site.plays("edgesite.gpu.site_ca")
    assert not site.plays("edgesite.gpu.site_ca", "--check")
    assert site.files() == made


def test_what_is_revoked_stays_revoked(site):
    site.enrolled("gpu-a", "e1", "0a")
    site.enrolled("gpu-b", "e2", "0b")
    assert site.plays("edgesite.gpu.decommission", "--check", "-e", "edgesite_hosts=gpu-a")
    assert site.revoked() == set()
    assert site.plays("edgesite.gpu.decommission", "-e", "edgesite_hosts=gpu-a")
    assert site.revoked() == {0x0A}
    # A CA that is renamed or whose list is lost makes the same list.
    (site.ca / "crl.pem").unlink()
    site.plays("edgesite.gpu.site_ca", "-e", "site_ca_name=Another")
    assert site.revoked() == {0x0A}
    both = ["-e", "edgesite_hosts=edgesite", "-e", "edgesite_identity_end=revoked"]
    assert site.plays("edgesite.gpu.decommission", *both)
    assert site.revoked() == {0x0A, 0x0B}
    assert site.plays(
        "edgesite.gpu.decommission", "-e", "edgesite_hosts=gpu-a", "-e", "edgesite_identity_end=readmitted"
    )
    assert site.revoked() == {0x0A, 0x0B}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Name the hosts whose identities end"),
        (["-e", "edgesite_hosts=gpu-z"], "hey have to be in the inventory"),
        (["-e", "edgesite_hosts=gpu-b"], "gpu-b was never enrolled"),
        (["-e", "edgesite_hosts=gpu-a", "-e", "edgesite_identity_end=gone"], "must be one of"),
    ],
)
def test_end_that_nobody_can_mean(site, arguments, words):
    site.enrolled("gpu-a", "e1", "0a")
    before = site.files()
    code, output = site.play("edgesite.gpu.decommission", *arguments)
    assert code and words in output, output
    assert site.files() == before


@pytest.mark.deep
def test_state_folder_in_which_an_editor_was_at_work(site):
    site.enrolled("gpu-a", "e1", "0a")
    devices = site.ca / "state" / "devices"
    (devices / ".#gpu-a.json").symlink_to("somebody@somewhere.1234")
    (devices / "gpu-a.json~").write_text("{}")
    assert site.plays("edgesite.gpu.decommission", "-e", "edgesite_hosts=gpu-a")
    (devices / "other.json").write_text("{}")
    (devices / ".#gpu-a.json").unlink()
    before = site.files()
    for playbook in ("edgesite.gpu.site_ca", "edgesite.gpu.decommission"):
        code, output = site.play(playbook, "-e", "edgesite_hosts=gpu-a", "-e", "edgesite_identity_end=readmitted")
        assert code and "devices/other.json is damaged: ek_sha256 is missing" in output, output
        assert "Traceback" not in output and site.files() == before


@pytest.mark.deep
def test_state_folder_of_everybody(site):
    site.enrolled("gpu-a", "e1", "0a")
    state = site.ca / "state"
    state.chmod(0o777)
    code, output = site.play("edgesite.gpu.decommission", "-e", "edgesite_hosts=gpu-a")
    assert code and f"chmod go-w {state}" in output.replace("\n", ""), output
    assert site.revoked() == set()


def test_wrong_passphrase_costs_nothing(site):
    before = site.files()
    code, output = site.play("edgesite.gpu.site_ca", "-e", "identity_ca_passphrase=wrong", "-e", "site_ca_crl_days=60")
    assert code and "Incorrect password, could not decrypt key" in output, output
    assert site.files() == before


@pytest.mark.parametrize(
    ("option", "value"),
    [("identity_ca_passphrase", ""), ("identity_ca_passphrase", None), ("site_ca_root_passphrase", " ")],
)
def test_passphrase_that_encrypts_nothing_makes_nothing(tmp_path, option, value):
    site = Site(tmp_path)
    code, output = site.play("edgesite.gpu.site_ca", "-e", json.dumps({option: value}))
    name = "site_ca_passphrase" if option == "identity_ca_passphrase" else option
    said = name + " is empty, but the CA's keys have to be encrypted"
    if value is None:
        said = "identity_ca_dir and identity_ca_passphrase are not set"
    assert code and said in " ".join(output.split()), output
    assert not site.ca.exists()


@pytest.mark.deep
def test_key_that_an_earlier_run_left_unencrypted(site):
    """The message says how to encrypt it, and that is all there is to do."""
    openssl = ["openssl", "pkcs8", "-topk8", "-nocrypt", "-passin", "pass:" + PASSPHRASE, "-in"]
    for name in ("root.key", "issuing.key"):
        bare = subprocess.run([*openssl, site.ca / name], capture_output=True, check=True).stdout
        (site.ca / name).write_bytes(bare)
    code, output = site.play("edgesite.gpu.site_ca")
    message = " ".join(output.split())
    assert code and f"Not encrypted: {site.ca}/root.key, {site.ca}/issuing.key" in message, output
    commands = set(re.findall(r"openssl pkcs8 \S+ -in \S+ -out \S+ && mv \S+ \S+[.]key", message))
    assert len(commands) == 2
    for command in commands:
        subprocess.run(command.replace("-in", f"-passout pass:{PASSPHRASE} -in", 1), shell=True, check=True)
    for name in ("root.key", "issuing.key"):
        assert b"ENCRYPTED" in (site.ca / name).read_bytes() and (site.ca / name).stat().st_mode & 0o777 == 0o600
    assert site.plays("edgesite.gpu.site_ca", "-e", "site_ca_issuing_renew_before=4000", "-e", "site_ca_crl_days=60")


@pytest.mark.deep
def test_list_is_renewed_while_the_root_is_offline(site):
    """It would end long before an issuing CA that is due."""
    (site.ca / "root.key").unlink()
    (site.ca / "crl.pem").unlink()
    code, output = site.play("edgesite.gpu.site_ca", "-e", "site_ca_issuing_renew_before=4000")
    assert code and "Copy root.key there for this run" in output
    assert site.revoked() == set()


@pytest.mark.deep
def test_hosts_without_a_ca(site):
    (site.folder / "host_vars").mkdir()
    (site.folder / "host_vars" / "gpu-b.yml").write_text(f"identity_ca_dir: {site.folder}/other\n")
    code, output = site.play("edgesite.gpu.decommission", "-e", "edgesite_hosts=edgesite")
    assert code and "have different CAs" in output, output
    (site.folder / "host_vars" / "gpu-b.yml").unlink()
    inventory = site.folder / "site.yml"
    inventory.write_text(
        inventory.read_text().partition("  vars:")[0] + "  vars: {identity_ca_dir: , identity_ca_passphrase: x}\n"
    )
    code, output = site.play("edgesite.gpu.decommission", "-e", "edgesite_hosts=edgesite")
    assert code and "different CAs (identity_ca_dir), or none: . Name" in " ".join(output.split()), output
    code, output = site.play("edgesite.gpu.site_ca")
    assert code and "identity_ca_dir and identity_ca_passphrase are not set for gpu-a" in output, output


@pytest.mark.parametrize(("role", "wrong"), [("site_ca", "site_ca_crl_days=many"), ("identity", "identity_days=many")])
def test_passphrase_is_in_no_message(site, role, wrong):
    play = site.folder / "play.yml"
    play.write_text(
        "- hosts: gpu-a\n  gather_facts: false\n  tasks:\n"
        "    - ansible.builtin.include_role: {name: edgesite.gpu." + role + "}\n"
        "      vars: {site_ca_dir: '{{ identity_ca_dir }}', site_ca_passphrase: '{{ identity_ca_passphrase }}'}\n"
    )
    code, output = site.play(play, "-vvv", "-e", wrong)
    assert code and wrong.partition("=")[0].split("_")[-1] in output, output
    assert PASSPHRASE not in output.replace("identity_ca_passphrase: " + PASSPHRASE, "")


AUTHORITIES = {
    "exited with code 3": {"command": ["sh", "-c", "echo $0 >&2; exit 3", PASSPHRASE]},
    "http://127.0.0.1:1/sign did not sign": {
        "url": f"http://user:{PASSPHRASE}@127.0.0.1:1/sign?token={PASSPHRASE}",
        "headers": {"X-Token": PASSPHRASE},
    },
    "X-Token is not one line": {"url": "http://127.0.0.1:1/", "headers": {"X-Token": PASSPHRASE + "\n"}},
}


@pytest.mark.parametrize("words", AUTHORITIES)
def test_secrets_of_a_foreign_ca_are_in_no_message(site, words):
    """Also where a role shows and keeps what failed, as identity does for the report."""
    challenge, request = "0" * 32, DeviceKey().request()
    store = Store(str(site.ca / "state"))
    with store.alone():
        proof = {"ek_sha256": ["e1"], "ek_trust": "certified", "ek_issuer": "CN=maker"}
        store.keep_challenge("gpu-a", csr.unpem(request), "right", proof, challenge)
    play = site.folder / "play.yml"
    play.write_text(
        "- hosts: gpu-a\n  gather_facts: false\n  tasks:\n    - block:\n"
        "        - edgesite.gpu.tpm_certificate: '{{ arguments }}'\n"
        "          no_log: true\n          delegate_to: localhost\n          vars: {ansible_connection: local}\n"
        "      rescue:\n        - ansible.builtin.debug: {var: ansible_failed_result}\n"
        "        - ansible.builtin.fail: {msg: '{{ ansible_failed_result.msg }}'}\n"
    )
    arguments = {"state_dir": f"{site.ca}/state", "device": "gpu-a", "id": challenge, "answer": "right", "csr": request}
    authority = {**AUTHORITIES[words], "roots": [f"{site.ca}/root.pem"]}
    (site.folder / "more.json").write_text(json.dumps({"arguments": {**arguments, "authority": authority}}))
    code, output = site.play(play, "-vvv", "-e", f"@{site.folder}/more.json")
    assert code and words in " ".join(output.split()), output
    assert PASSPHRASE not in output


@pytest.mark.deep
def test_lists_bear_the_names_of_those_who_issue_them(site):
    assert site.plays("edgesite.gpu.site_ca", "-e", "site_ca_name=Another", "-e", "site_ca_issuing_renew_before=4000")
    for name in ("root", "issuing"):
        issuer = x509.load_pem_x509_certificate((site.ca / f"{name}.pem").read_bytes())
        crl = x509.load_pem_x509_crl((site.ca / {"root": "root-crl.pem", "issuing": "crl.pem"}[name]).read_bytes())
        assert crl.issuer == issuer.subject and crl.is_signature_valid(issuer.public_key())
    assert "Another" in issuer.subject.rfc4514_string()
