# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests and challenges on TPMs that swtpm emulates; the credentials are made by tpm2-tools."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import subprocess

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.identity import challenge, csr
from ansible_collections.edgesite.gpu.plugins.module_utils.identity.host import proof
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import key as tpm_key
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import tss2_pem
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm.errors import Meaning, TpmError
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm.host import facts
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm.host.tools import Tools
from ansible_collections.edgesite.gpu.tests.unit import tpm_emulator
from ansible_collections.edgesite.gpu.tests.unit.places import FIXTURES

SECRET = b"0123456789abcdef0123456789abcdef"
OTHER_RSA_KEY = FIXTURES / "tpm" / "ek-rsa.pub"
WANTED = csr.request({"common_name": "edge-1"}, ["DNS:edge-1.example.org"], ["digitalSignature"], ["clientAuth"])


class Host:
    """A host with a TPM, and what its modules do."""

    def __init__(self, emulator, run, folder):
        self.emulator = emulator
        self.run = run
        self.folder = folder
        (folder / "run").mkdir(exist_ok=True)
        self.tools = Tools(run, emulator.tcti, str(folder), patience=0.0)
        self.told = []

    def make_key(self, name="key.pem", kind="ecc_p256"):
        self.tools.ensure_storage_key(None)
        path = self.folder / name
        path.write_text(tss2_pem.encode(self.tools.create(kind)))
        return tpm_key.place(str(path), None)

    def import_key(self, software):
        """A key that a program made, which signs in the TPM from now on."""
        self.tools.ensure_storage_key(None)
        public, private = self.folder / "imported.pub", self.folder / "imported.priv"
        attributes = ("-a", "userwithauth|sign|noda")
        files = ("-i", software, "-u", public, "-r", private)
        self.emulator.tool("tpm2_import", "-Q", "-C", "0x81000001", "-G", "rsa", *attributes, *files)
        path = self.folder / "imported.pem"
        path.write_text(
            tss2_pem.encode(tss2_pem.KeyFile(public.read_bytes(), private.read_bytes(), tpm_key.STORAGE_KEY))
        )
        return tpm_key.place(str(path), None)

    def request(self, place):
        return proof.request(self.tools, place, WANTED)

    def info(self, *gather, keys=()):
        root = str(self.folder)
        places = [tpm_key.parse_place(str(key)) for key in keys]
        return facts.read(self.run, self.emulator.tcti, list(gather or facts.PARTS), places, root)

    def endorsement(self):
        if not self.told:
            self.told = self.info("endorsement")[0]["endorsement"]
        return self.told

    def answer(self, place, kind, credential, request):
        return self.answers(place, [(kind, credential)], request)

    def answers(self, place, credentials, request):
        written = [proof.Credential(kind, base64.b64encode(one).decode()) for kind, one in credentials]
        return proof.answer(self.tools, place, proof.Challenge(written, "id-1", request))

    def public(self, kind):
        """An endorsement key's public area: as tpm_info tells it, else made."""
        told = {one["type"]: one["public"] for one in self.endorsement()}
        if kind in told:
            return base64.b64decode(told[kind])
        path = self.folder / "made.pub"
        self.emulator.tool("tpm2_createek", "-Q", "-G", "ecc", "-c", self.folder / "made", "-u", path)
        self.emulator.tool("tpm2_flushcontext", "-t")
        return path.read_bytes()


def credential(folder, public, name, secret=SECRET):
    """What a controller makes for an endorsement key and a key's name."""
    (folder / "ek.pub").write_bytes(public)
    (folder / "secret").write_bytes(secret)
    argv = ["tpm2_makecredential", "-Q", "-T", "none", "-u", "ek.pub", "-s", "secret", "-n", name, "-o", "made.cred"]
    subprocess.run(argv, cwd=str(folder), check=True, capture_output=True)
    return (folder / "made.cred").read_bytes()


@pytest.fixture
def host(emulator, module_run, tmp_path):
    made = Host(emulator, module_run, tmp_path)
    yield made
    assert not emulator.started or emulator.left() == []


@pytest.fixture
def certified_host(certified_emulator, module_run, tmp_path):
    made = Host(certified_emulator, module_run, tmp_path)
    yield made
    assert certified_emulator.left() == []


@pytest.mark.parametrize("kind", ["ecc_p256", "rsa2048"])
def test_request(host, kind):
    found = host.request(host.make_key(kind=kind))
    checked = subprocess.run(
        ["openssl", "req", "-noout", "-verify"], input=found["csr"].encode(), capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    with contextlib.suppress(ImportError):
        from cryptography import x509

        assert x509.load_pem_x509_csr(found["csr"].encode()).is_signature_valid
    assert found["tls13"]


def test_a_tpm_that_gives_rsa_pss_the_longest_salt(host, monkeypatch):
    """As many chips do, and the emulator does not: a program signs, by the same key."""
    software = host.folder / "software.pem"
    subprocess.run(["openssl", "genrsa", "-out", str(software), "2048"], check=True, capture_output=True)
    place = host.import_key(software)
    assert host.request(place)["tls13"]

    def longest(_tools, _key, digest):
        padding = ["-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "digest:sha256", "-pkeyopt", "rsa_pss_saltlen:max"]
        argv = ["openssl", "pkeyutl", "-sign", "-inkey", str(software), *padding]
        return subprocess.run(argv, input=digest, check=True, capture_output=True).stdout

    monkeypatch.setattr(Tools, "sign_pss", longest)
    assert host.request(place)["tls13"] is False

    def none(_tools, _key, _digest):
        raise TpmError(Meaning("scheme", "unsupported or incompatible scheme", "Use another key", False))

    monkeypatch.setattr(Tools, "sign_pss", none)
    assert host.request(place)["tls13"] is False


def test_whole_proof(certified_host):
    host = certified_host
    place = host.make_key()
    found = host.request(place)
    # rsa2048 and ecc_p384 are kept in the TPM, ecc_p256 is made from its seed
    secrets = {"rsa2048": b"one", "ecc_p384": b"two", "ecc_p256": b"three"}
    made = {kind: credential(host.folder, host.public(kind), found["name"], secrets[kind]) for kind in secrets}
    for kinds in (["rsa2048"], ["ecc_p384"], ["ecc_p256"], ["ecc_p384", "rsa2048", "ecc_p256"]):
        expected = challenge.answer([secrets[kind] for kind in kinds], "id-1", csr.unpem(found["csr"]))
        assert host.answers(place, [(kind, made[kind]) for kind in kinds], found["csr"]) == expected
    of_another_tpm = credential(host.folder, OTHER_RSA_KEY.read_bytes(), found["name"])
    for before in ([], [("ecc_p384", made["ecc_p384"])]):
        with pytest.raises(EdgesiteError, match="cannot be opened.* rsa2048"):
            host.answers(place, [*before, ("rsa2048", of_another_tpm)], found["csr"])
    with pytest.raises(EdgesiteError, match="cannot be opened.* rsa4096"):
        host.answer(place, "rsa4096", of_another_tpm, found["csr"])
    with pytest.raises(EdgesiteError, match="credentials is empty"):
        host.answers(place, [], found["csr"])
    # others may lock the TPM's passwords, but not the renewal of a certificate
    host.emulator.lock_out()
    assert host.answers(place, list(made.items()), found["csr"])
    # the secret is in no file that is left
    assert os.listdir(str(host.folder / "run")) == []
    # after TPM2_Clear the kept ones are gone and made anew, the key of the request is not
    host.emulator.tool("tpm2_clear", "-Q", "-c", "p")
    with pytest.raises(EdgesiteError, match="the TPM was cleared"):
        host.answer(place, "rsa2048", made["rsa2048"], found["csr"])
    place = host.make_key()
    found = host.request(place)
    host.told = []
    told = {one["type"]: one for one in host.endorsement()}
    assert [told[kind]["handle"] for kind in ("rsa2048", "ecc_p384")] == [None, None]
    assert all(one["certificate_matches"] for one in told.values())
    made = credential(host.folder, host.public("ecc_p384"), found["name"])
    assert host.answer(place, "ecc_p384", made, found["csr"])


def test_wrong_challenges(host, tmp_path):
    place, other = host.make_key(), host.make_key("other.pem")
    found, others = host.request(place), host.request(other)
    public = host.public("ecc_p256")
    good = credential(tmp_path, public, found["name"])
    with pytest.raises(EdgesiteError, match="The request is for another key than .*key.pem"):
        host.answer(place, "ecc_p256", good, others["csr"])
    for_another_key = credential(tmp_path, public, others["name"])
    with pytest.raises(EdgesiteError, match="cannot be opened"):
        host.answer(place, "ecc_p256", for_another_key, found["csr"])
    with pytest.raises(EdgesiteError, match="cannot be opened"):
        host.answer(place, "ecc_p384", good, found["csr"])
    with tpm_emulator.powered(tmp_path / "second") as second:
        elsewhere = credential(tmp_path, Host(second, host.run, tmp_path).public("ecc_p256"), found["name"])
    with pytest.raises(EdgesiteError, match="cannot be opened"):
        host.answer(place, "ecc_p256", elsewhere, found["csr"])
    with pytest.raises(EdgesiteError, match="credential"):
        host.answer(place, "ecc_p256", good[:20], found["csr"])
    assert host.emulator.left() == []
    assert host.answer(place, "ecc_p256", good, found["csr"])
    host.emulator.tool("tpm2_changeauth", "-Q", "-c", "e", "secret")
    with pytest.raises(EdgesiteError, match="endorsement password is set"):
        host.answer(place, "ecc_p256", good, found["csr"])


def test_no_key(host):
    with pytest.raises(EdgesiteError, match="The TPM has no key at 0x81000010"):
        host.request(tpm_key.place(None, "0x81000010"))
    with pytest.raises(EdgesiteError, match="/none.pem does not exist"):
        host.request(tpm_key.place("/none.pem", None))
    host.tools.ensure_storage_key(None)
    with pytest.raises(EdgesiteError, match="does not sign requests"):
        host.request(tpm_key.place(None, "0x81000001"))


def test_lockout_and_what_is_told_of_it(host):
    emulator, folder = host.emulator, host.folder
    host.tools.ensure_storage_key(None)
    # as another program makes its keys, which lockout holds for
    template = ["-C", "0x81000001", "-G", "ecc256:ecdsa-sha256", "-u", folder / "public", "-r", folder / "private"]
    emulator.tool("tpm2_create", "-Q", *template)
    key = tss2_pem.KeyFile((folder / "public").read_bytes(), (folder / "private").read_bytes(), 0x81000001)
    (folder / "weak.pem").write_text(tss2_pem.encode(key))
    ours = host.make_key()
    emulator.lock_out()
    with pytest.raises(EdgesiteError, match="in lockout"):
        host.request(tpm_key.place(str(folder / "weak.pem"), None))
    assert host.request(ours)["csr"]
    emulator.tool("tpm2_changeauth", "-Q", "-c", "o", "secret")
    found, unread = host.info("properties", "handles", "keys", keys=[ours.path, "0x81000010", "/none.pem"])
    assert unread == []
    assert found["present"] and found["version"] == "2.0" and found["manufacturer"]
    assert found["lockout"] == {"in_lockout": True, "counter": 1, "max_tries": 1, "recovery_seconds": 1000}
    assert found["owner_auth_set"] and not found["endorsement_auth_set"]
    assert found["persistent_handles"] == ["0x81000001"]
    assert found["endorsement"] is None
    assert [(one["path"], one["handle"], one["usable"]) for one in found["key_states"]] == [
        (ours.path, None, True),
        (None, "0x81000010", False),
        ("/none.pem", None, False),
    ]
    assert found["key_states"][0]["type"] == "ecc_p256" and found["key_states"][1]["reason"]


def sha256_of_key(certificate):
    """What 'openssl x509 -pubkey | openssl pkey -pubin -outform DER | sha256sum' prints for a certificate."""
    key = subprocess.run(
        ["openssl", "x509", "-noout", "-pubkey"], input=certificate.encode(), check=True, capture_output=True
    ).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key, check=True, capture_output=True)
    return hashlib.sha256(der.stdout).hexdigest()


def test_endorsement_of_a_certified_tpm(certified_host, tmp_path):
    host = certified_host
    issuer = subprocess.run(
        ["openssl", "x509", "-in", str(tmp_path / "tpm/authority/issuer.pem"), "-outform", "DER"],
        check=True,
        capture_output=True,
    ).stdout
    # one after another, over as many indices as it takes
    for index, part in (("0x01c00100", issuer + issuer[:500]), ("0x01c00101", issuer[500:])):
        host.emulator.tool("tpm2_nvdefine", "-Q", "-C", "o", "-s", len(part), index)
        host.emulator.tool("tpm2_nvwrite", "-Q", "-C", "o", "-i-", index, data=part)
    found, unread = host.info()
    assert unread == []
    assert [
        (one["type"], one["handle"], one["certificate_handle"], one["certificate_matches"])
        for one in found["endorsement"]
    ] == [("rsa2048", "0x81010001", "0x01c00002", True), ("ecc_p384", "0x81010016", "0x01c00016", True)]
    for one in found["endorsement"]:
        assert one["certificate"].startswith("-----BEGIN CERTIFICATE-----") and len(one["issuers"]) == 2
        assert one["sha256"] == sha256_of_key(one["certificate"])


def test_endorsement_without_a_certificate(host):
    found, unread = host.info("endorsement")
    assert unread == []
    assert [(one["type"], one["handle"], one["certificate"], one["issuers"]) for one in found["endorsement"]] == [
        ("ecc_p256", None, None, [])
    ]


def test_no_tpm(module_run, tmp_path):
    found, unread = facts.read(module_run, None, list(facts.PARTS), [], str(tmp_path))
    assert found["present"] is False and unread == []
    with pytest.raises(EdgesiteError, match="has no TPM"):
        Tools(module_run, None, str(tmp_path))
    nowhere = "swtpm:host=127.0.0.1,port={0}".format(tpm_emulator.free_ports())
    found, unread = facts.read(module_run, nowhere, list(facts.PARTS), [], str(tmp_path))
    assert found["present"] is False and unread[0]["what"] == "tpm"
    with pytest.raises(EdgesiteError, match="Nothing answers where the TPM should be"):
        Tools(module_run, nowhere, str(tmp_path)).persistent()


def test_tpm_that_was_not_started(host):
    host.emulator.stop()
    host.emulator.start(flags="not-need-init")
    with pytest.raises(EdgesiteError, match="was not started"):
        host.tools.persistent()
    found, unread = host.info()
    assert not found["present"] and "0x00000100" in unread[0]["why"] or "0x100" in unread[0]["why"]
