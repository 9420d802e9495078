# SPDX-License-Identifier: GPL-3.0-or-later
"""After check, converge and converge."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from cryptography import x509

HOSTS = ["edge-1", "edge-2", "edge-4"]
FOLDER = "/etc/edgesite-gpu/identity"
CA = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "ca"
SIGN = (
    "env TPM2OPENSSL_TCTI=tabrmd:bus_type=system openssl pkeyutl -provider tpm2 -provider default "
    "-propquery '?provider=tpm2,tpm2.digest!=yes' -sign -inkey {0} -passin pass: -rawin -digest sha256 "
    "-in /etc/hostname -out /run/signature"
)


def device(name):
    return json.loads((CA / "state" / "devices" / f"{name}.json").read_text())


@pytest.mark.parametrize("name", HOSTS)
def test_certificate_is_the_hosts_and_leads_to_the_root(connect, name):
    host = connect(name)
    host.run_expect(
        [0],
        f"openssl verify -trusted {FOLDER}/trust.pem -untrusted {FOLDER}/current/chain.pem {FOLDER}/current/cert.pem",
    )
    for written in host.file(f"{FOLDER}/current/fullchain.pem").content.split(b"-----END CERTIFICATE-----")[:-1]:
        x509.load_pem_x509_certificate(written + b"-----END CERTIFICATE-----").public_key()
    certificate = x509.load_pem_x509_certificate(host.file(f"{FOLDER}/current/cert.pem").content)
    assert certificate.subject.rfc4514_string() == f"CN={name}"
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [name]


@pytest.mark.parametrize("name", HOSTS)
def test_one_run_issued_one_certificate(name):
    assert len(device(name)["certificates"]) == 1


def test_it_is_on_record_how_each_tpm_is_known():
    assert [device(name)["ek_trust"] for name in HOSTS] == ["certified", "certified", "first_use"]


def test_all_endorsement_keys_of_a_tpm_are_on_record():
    assert [len(device(name)["ek_sha256"]) for name in ("edge-1", "edge-2")] == [2, 2]


@pytest.mark.parametrize("name", HOSTS)
def test_only_root_and_those_who_may_use_the_tpm_read_the_key(connect, name):
    key = connect(name).file(f"{FOLDER}/current/key.pem")
    assert (key.user, key.group, key.mode) == ("root", "tss", 0o640)


@pytest.mark.parametrize("name", HOSTS)
def test_openssl_signs_with_the_key_in_the_tpm(connect, name):
    host = connect(name)
    with host.sudo():
        host.run_expect([0], SIGN.format(f"{FOLDER}/current/key.pem"))
        host.run_expect(
            [0],
            f"sh -c 'openssl x509 -in {FOLDER}/current/cert.pem -noout -pubkey >/run/key && openssl pkeyutl -verify "
            "-pubin -inkey /run/key -rawin -digest sha256 -in /etc/hostname -sigfile /run/signature'",
        )


def test_key_is_of_no_use_elsewhere(connect):
    with connect("edge-1").sudo():
        stolen = connect("edge-1").check_output("sudo cat %s", f"{FOLDER}/current/key.pem")
    thief = connect("edge-2")
    with thief.sudo():
        thief.run_expect([0], f"sh -c 'echo \"{stolen}\" >/run/stolen.pem'")
        assert thief.run(SIGN.format("/run/stolen.pem")).rc != 0


@pytest.mark.parametrize("name", HOSTS)
def test_nothing_is_left_in_the_tpm(connect, name):
    with connect(name).sudo():
        assert connect(name).check_output("tpm2_getcap -T tabrmd:bus_type=system handles-transient") == ""


def test_secrets_of_the_controller_are_for_its_user_alone():
    for path in (CA, CA / "state", CA / "state" / "devices", CA / "issuing.key"):
        assert path.stat().st_mode & 0o077 == 0, path
    assert "ENCRYPTED" in (CA / "issuing.key").read_text()


# of the last run, which changed nothing
def test_idle_run_is_one_task_a_host():
    rows = json.loads(Path(os.environ["TASK_TIMES_FILE"]).read_text())
    reached = Counter(row["host"] for row in rows if row["reaches_host"])
    assert reached == {"edge-1": 1, "edge-2": 1, "edge-4": 1}
