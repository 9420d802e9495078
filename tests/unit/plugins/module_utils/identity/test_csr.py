# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate requests: read by a strict parser, and by openssl."""

from __future__ import annotations

import hashlib
import shutil
import subprocess

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.identity import challenge, csr
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import public as tpm_public
from ansible_collections.edgesite.gpu.tests.unit.places import FIXTURES
from hypothesis import given
from hypothesis import strategies as st

TPM = FIXTURES / "tpm"
ECC, RSA = (tpm_public.parse((TPM / name).read_bytes()) for name in ("key-ecc.pub", "key-rsa.pub"))
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
NAMES = st.lists(LABELS, min_size=1, max_size=3).map(".".join).map("DNS:{0}".format)
ADDRESSES = st.ip_addresses().map("IP:{0}".format)
TEXT = st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=60)
SUBJECTS = st.fixed_dictionaries(
    {"common_name": TEXT},
    optional={
        "organization": TEXT,
        "organizational_unit": TEXT,
        "locality": TEXT,
        "state": TEXT,
        "country": st.from_regex(r"[A-Z]{2}", fullmatch=True),
    },
)
KEY_USAGES = st.lists(st.sampled_from(["digitalSignature", "keyEncipherment", "keyAgreement"]), unique=True)
EXTENDED = st.lists(st.sampled_from(["serverAuth", "clientAuth"]), unique=True)


def encoded(public, subject, names, key_usage=(), extended=(), signature=b"signature"):
    wanted = csr.request(subject, list(names), list(key_usage), list(extended))
    return csr.assemble(csr.to_be_signed(wanted, public), public, signature)


@given(st.sampled_from([ECC, RSA]), SUBJECTS, st.lists(st.one_of(NAMES, ADDRESSES), max_size=4), KEY_USAGES, EXTENDED)
def test_strict_parser_reads_what_was_asked(public, subject, names, key_usage, extended):
    x509 = pytest.importorskip("cryptography.x509")
    found = x509.load_der_x509_csr(encoded(public, subject, names, key_usage, extended))
    assert sorted(one.value for one in found.subject) == sorted(subject.values())
    asked = {one.oid._name: one for one in found.extensions}
    assert set(asked) == {
        name
        for name, wanted in (("subjectAltName", names), ("keyUsage", key_usage), ("extendedKeyUsage", extended))
        if wanted
    }
    if names:
        written = {"DNSName": "DNS", "IPAddress": "IP"}
        shown = ["{0}:{1}".format(written[type(one).__name__], one.value) for one in asked["subjectAltName"].value]
        assert shown == names
    if key_usage:
        usage = asked["keyUsage"]
        assert usage.critical and usage.value.digital_signature == ("digitalSignature" in key_usage)
    if extended:
        assert [one._name for one in asked["extendedKeyUsage"].value] == extended


@pytest.mark.parametrize("kind", ["ecc", "rsa"])
def test_signature_is_over_the_part_that_is_signed(kind):
    pytest.importorskip("cryptography")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    wanted = csr.request({"common_name": "edge-1"}, ["DNS:edge-1.example.org"], ["digitalSignature"], ["clientAuth"])
    if kind == "ecc":
        key = ec.generate_private_key(ec.SECP256R1())
        numbers = key.public_key().public_numbers()
        public = ECC.__class__(**{**ECC.__dict__, "point": (numbers.x, numbers.y)})
        signature = key.sign(csr.to_be_signed(wanted, public), ec.ECDSA(hashes.SHA256()))
    else:
        key = rsa.generate_private_key(65537, 2048)
        public = RSA.__class__(**{**RSA.__dict__, "modulus": key.public_key().public_numbers().n})
        signature = key.sign(csr.to_be_signed(wanted, public), padding.PKCS1v15(), hashes.SHA256())
    request = csr.assemble(csr.to_be_signed(wanted, public), public, signature)
    assert x509.load_der_x509_csr(request).is_signature_valid
    checked = subprocess.run(
        ["openssl", "req", "-noout", "-verify"], input=csr.pem(request).encode(), capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_ecdsa_has_no_parameters():
    # with NULL, as OpenSSL's provider for TPMs writes it, strict parsers refuse the request
    assert bytes.fromhex("300a06082a8648ce3d040302") in encoded(ECC, {"common_name": "edge"}, [])
    assert bytes.fromhex("300d06092a864886f70d01010b0500") in encoded(RSA, {"common_name": "edge"}, [])


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_openssl_reads_it():
    names = ["DNS:edge-1.example.org", "IP:192.0.2.1", "IP:2001:db8::1"]
    request = csr.pem(encoded(ECC, {"common_name": "edge-1", "country": "DE"}, names, ["digitalSignature"]))
    shown = subprocess.run(
        ["openssl", "req", "-noout", "-text"], input=request.encode(), capture_output=True, check=True
    ).stdout.decode()
    assert "DNS:edge-1.example.org, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1" in shown
    assert "Digital Signature" in shown and "ecdsa-with-SHA256" in shown


def test_names_without_a_subject_are_critical():
    x509 = pytest.importorskip("cryptography.x509")
    found = x509.load_der_x509_csr(encoded(ECC, {}, ["DNS:edge.example.org"]))
    assert [one.critical for one in found.extensions] == [True]


@pytest.mark.parametrize(
    "subject, names, key_usage, extended, problem",
    [
        ({}, [], [], [], "subject has no common_name, and subject_alt_name is empty"),
        ({"common_name": "x" * 65}, [], [], [], "1 to 64"),
        ({"common_name": "a\nb"}, [], [], [], "printable"),
        ({"common_name": "a", "country": "de"}, [], [], [], "two capital letters"),
        ({"mail": "a"}, [], [], [], "subject has the unknown entry 'mail'"),
        ({"organizational_unit": 17}, [], [], [], "organizational_unit is 17, which is not text. Write it in quotes"),
        ({"common_name": None}, [], [], [], "subject.common_name is null, which is not text"),
        ({"common_name": "a"}, [5], [], [], "^subject_alt_name.0. is 5, which is not text. Write it in quotes"),
        ({"common_name": "a"}, "DNS:a", [], [], "^subject_alt_name is 'DNS:a', which is not a list"),
        ({"common_name": "a"}, ["edge"], [], [], "neither 'DNS:'"),
        ({"common_name": "a"}, ["DNS:-a"], [], [], "'DNS:-a'"),
        ({"common_name": "a"}, ["DNS:a\n"], [], [], "neither"),
        ({"common_name": "a"}, ["DNS:*.a"], [], [], "neither"),
        ({"common_name": "a"}, ["IP:192.0.2.256"], [], [], "IP:192.0.2.256"),
        ({"common_name": "a"}, [], ["certSign"], [], "key_usage has the unknown entry"),
        ({"common_name": "a"}, [], [], ["anyExtendedKeyUsage"], "extended_key_usage has the unknown entry"),
    ],
)
def test_refused_options(subject, names, key_usage, extended, problem):
    with pytest.raises(EdgesiteError, match=problem.replace("*", r"\*")):
        csr.request(subject, names, key_usage, extended)


def test_pem_there_and_back():
    request = encoded(ECC, {"common_name": "edge"}, [])
    assert csr.unpem(csr.pem(request)) == request
    with pytest.raises(EdgesiteError, match="option csr is not a certificate request"):
        csr.unpem("nothing")


@given(st.sampled_from([ECC, RSA]), SUBJECTS)
def test_the_requested_key_is_found(public, subject):
    assert challenge.requested_key(encoded(public, subject, [])) == public.spki


@given(st.binary(max_size=100))
def test_no_request_has_no_key(data):
    with pytest.raises(EdgesiteError, match="not a certificate request"):
        challenge.requested_key(data)


def test_answer():
    request = encoded(ECC, {"common_name": "edge"}, [])
    answer = challenge.answer([b"sec", b"ret"], "id", request)
    # what any other program would work out
    message = b"edgesite.gpu/tpm-challenge/1\0id\0" + hashlib.sha256(request).digest()
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in b"secret".ljust(64, b"\0")) + message).digest()
    assert answer == hashlib.sha256(bytes(byte ^ 0x5C for byte in b"secret".ljust(64, b"\0")) + inner).hexdigest()
    assert answer != challenge.answer([b"sec", b"ret"], "id2", request)
    assert answer != challenge.answer([b"sec", b"ret"], "id", request + b"\0")
    for others in ([b"sec", b"reT"], [b"sec"], [b"ret", b"sec"], []):
        assert answer != challenge.answer(others, "id", request)


def test_all_that_is_wrong_with_a_request_is_told_at_once():
    subject = {"common_name": "x" * 65, "country": "de", "cn": "x"}
    with pytest.raises(EdgesiteError) as caught:
        csr.request(subject, ["gpu", "DNS:a_b", "DNS:a"], ["digitalSignature", "sign"], [])
    told = " ".join(part.problem for part in caught.value.parts)
    assert len(caught.value.parts) == 6
    for name in (
        "subject.common_name",
        "subject.country",
        "'cn'",
        "subject_alt_name[0]",
        "subject_alt_name[1]",
        "'sign'",
    ):
        assert name in told
