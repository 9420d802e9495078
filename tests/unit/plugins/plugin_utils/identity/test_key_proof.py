# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which keys and which requests are taken."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.identity import csr
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import der
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm.public import DEVICE_KEY
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity import key_proof
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.identity.bench import WANTED, DeviceKey, encoded
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

KEY = DeviceKey()
USAGES = (("digitalSignature",), ("serverAuth", "clientAuth"))


def asks(subject=None, names=("DNS:gpu-a", "IP:192.0.2.1"), key_usage=USAGES[0], extended=USAGES[1]):
    return csr.request(subject or {"common_name": "gpu-a"}, list(names), list(key_usage), list(extended))


@pytest.mark.parametrize("kind", ["ecc_p256", "rsa2048", "rsa3072"])
def test_request_of_a_tpms_key_is_taken(kind):
    key = DeviceKey(kind=kind)
    public = key_proof.device_key(key.encoded)
    written = key.request()
    assert public.kind == kind
    assert key_proof.check_request(written, public, WANTED) == csr.unpem(written)


@pytest.mark.parametrize("lacking", sorted(DEVICE_KEY))
def test_key_that_lacks_an_attribute_is_refused(lacking):
    with pytest.raises(EdgesiteError, match="lacks " + lacking):
        key_proof.device_key(DeviceKey(DEVICE_KEY - {lacking}).encoded)


@pytest.mark.parametrize("more", ["decrypt", "restricted", "adminwithpolicy", "encryptedduplication", "stclear"])
def test_key_with_another_attribute_is_refused(more):
    with pytest.raises(EdgesiteError, match="has " + more):
        key_proof.device_key(DeviceKey(DEVICE_KEY | {more}).encoded)


@pytest.mark.parametrize("text", ["", "AAA", "!", encoded(KEY.public.area + b"x"), encoded(KEY.public.area[:-1])])
def test_what_is_no_public_area_is_refused(text):
    with pytest.raises(EdgesiteError, match="public area of a "):
        key_proof.device_key(text)


def test_request_for_a_key_outside_of_the_tpm_is_refused():
    with pytest.raises(EdgesiteError, match="for another key than the TPM's"):
        key_proof.check_request(DeviceKey().request(), KEY.public, WANTED)


def test_request_that_another_key_signed_is_refused():
    with pytest.raises(EdgesiteError, match="not signed by its own key"):
        key_proof.check_request(KEY.request(signer=DeviceKey()), KEY.public, WANTED)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (asks(subject={"common_name": "gpu-b"}), r"\[CN=gpu-b; .*\], not \[CN=gpu-a; 192.0.2.1, gpu-a; "),
        (asks(subject={"common_name": "gpu-a", "organization": "Plant"}), "O=Plant"),
        (asks(names=["DNS:gpu-a"]), r"\[CN=gpu-a; gpu-a; .*\], not \[CN=gpu-a; 192.0.2.1, gpu-a; "),
        (asks(names=["DNS:gpu-a", "IP:192.0.2.1", "DNS:hub"]), "192.0.2.1, gpu-a, hub;"),
        (asks(names=["IP:192.0.2.1", "DNS:gpu-a"]), ""),
        (asks(names=[]), r"\[CN=gpu-a; ; "),
        (asks(key_usage=["digitalSignature", "keyEncipherment"]), ""),
        (asks(key_usage=[]), r"extendedKeyUsage\], not \[.*extendedKeyUsage, keyUsage\]"),
        (asks(extended=["clientAuth"]), ""),
    ],
)
def test_request_for_something_else_than_the_inventory_gives_is_refused(other, words):
    with pytest.raises(EdgesiteError, match="does not ask for what the inventory gives this host: .*" + words):
        key_proof.check_request(KEY.request(other), KEY.public, WANTED)


@pytest.mark.parametrize(
    "extension",
    [
        x509.BasicConstraints(True, None),
        x509.SubjectKeyIdentifier(b"x" * 20),
        x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"),
    ],
)
def test_request_for_more_is_refused(extension):
    like = x509.load_pem_x509_csr(KEY.request().encode())
    builder = x509.CertificateSigningRequestBuilder(like.subject)
    for known in like.extensions:
        builder = builder.add_extension(known.value, known.critical)
    written = builder.add_extension(extension, False).sign(KEY.private, hashes.SHA256()).public_bytes(Encoding.PEM)
    with pytest.raises(EdgesiteError, match="does not ask for what the inventory gives"):
        key_proof.check_request(written.decode(), KEY.public, WANTED)


def test_request_with_an_attribute_is_refused():
    like = x509.load_pem_x509_csr(KEY.request().encode())
    builder = x509.CertificateSigningRequestBuilder(like.subject).add_attribute(
        x509.oid.AttributeOID.CHALLENGE_PASSWORD, b"secret"
    )
    for known in like.extensions:
        builder = builder.add_extension(known.value, known.critical)
    written = builder.sign(KEY.private, hashes.SHA256()).public_bytes(Encoding.PEM)
    with pytest.raises(EdgesiteError, match="does not ask for what the inventory gives"):
        key_proof.check_request(written.decode(), KEY.public, WANTED)


def test_request_with_extensions_twice_is_refused():
    """Libraries differ in which of two attributes with extensions they go by."""
    signed = csr.to_be_signed(WANTED, KEY.public)
    parts = der.elements(der.only(der.SEQUENCE, signed))
    other = der.elements(der.only(der.SEQUENCE, csr.to_be_signed(asks(names=["DNS:hub"]), KEY.public)))
    parts[-1] = (parts[-1][0], parts[-1][1] + other[-1][1])
    twice = der.sequence(*(der.tlv(*part) for part in parts))
    signature = KEY.private.sign(twice, ec.ECDSA(hashes.SHA256()))
    with pytest.raises(EdgesiteError, match="does not ask for what the inventory gives"):
        key_proof.check_request(csr.pem(csr.assemble(twice, KEY.public, signature)), KEY.public, WANTED)


@pytest.mark.parametrize("label", ["NEW CERTIFICATE REQUEST", "CERTIFICATE", "CERTIFICATE REQUEST"])
def test_request_behind_another_one_is_refused(label):
    """What signs takes the first block of those it knows; what is checked has to be the same."""
    hidden = KEY.request(asks(names=["DNS:hub"])).replace("CERTIFICATE REQUEST", label)
    for written in (hidden + KEY.request(), KEY.request() + hidden):
        with pytest.raises(EdgesiteError, match="exactly one PEM block"):
            key_proof.check_request(written, KEY.public, WANTED)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n",
        "-----BEGIN CERTIFICATE REQUEST-----\n!\n-----END CERTIFICATE REQUEST-----\n",
        KEY.request() + KEY.request(),
    ],
)
def test_what_is_no_request_is_refused(written):
    with pytest.raises(EdgesiteError):
        key_proof.check_request(written, KEY.public, WANTED)


def test_request_with_a_key_of_another_curve_is_refused():
    other = ec.generate_private_key(ec.SECP384R1())
    like = x509.load_pem_x509_csr(KEY.request().encode())
    written = x509.CertificateSigningRequestBuilder(like.subject).sign(other, hashes.SHA256())
    with pytest.raises(EdgesiteError, match="another key"):
        key_proof.check_request(written.public_bytes(Encoding.PEM).decode(), KEY.public, WANTED)
