# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which keys and which requests are taken."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.core import csr
from ansible_collections.edgesite.gpu.plugins.module_utils.core.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.core.tpm_public import DEVICE_KEY
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
    with pytest.raises(EdgesiteError, match="no public area"):
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
        (asks(subject={"common_name": "gpu-b"}), "subject: it asks for CN=gpu-b, the inventory gives CN=gpu-a"),
        (asks(subject={"common_name": "gpu-a", "organization": "Plant"}), "subject: it asks for"),
        (asks(names=["DNS:gpu-a"]), "subjectAltName: it asks for DNSName:gpu-a, the inventory gives DNSName:gpu-a, IP"),
        (asks(names=["DNS:gpu-a", "IP:192.0.2.1", "DNS:hub"]), "subjectAltName: .*DNSName:hub"),
        (asks(names=[]), "subjectAltName: it asks for nothing"),
        (asks(key_usage=["digitalSignature", "keyEncipherment"]), "keyUsage: "),
        (asks(key_usage=[]), "keyUsage: it asks for nothing"),
        (asks(extended=["clientAuth"]), "extendedKeyUsage: "),
    ],
)
def test_request_for_something_else_than_the_inventory_gives_is_refused(other, words):
    with pytest.raises(EdgesiteError, match="something else than the inventory gives this host: .*" + words):
        key_proof.check_request(KEY.request(other), KEY.public, WANTED)


def test_order_of_names_makes_no_difference():
    turned = asks(names=["IP:192.0.2.1", "DNS:gpu-a"])
    assert key_proof.check_request(KEY.request(turned), KEY.public, WANTED)


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
    with pytest.raises(EdgesiteError, match="the inventory gives nothing"):
        key_proof.check_request(written.decode(), KEY.public, WANTED)


def test_request_with_an_attribute_is_refused():
    like = x509.load_pem_x509_csr(KEY.request().encode())
    builder = x509.CertificateSigningRequestBuilder(like.subject).add_attribute(
        x509.oid.AttributeOID.CHALLENGE_PASSWORD, b"secret"
    )
    for known in like.extensions:
        builder = builder.add_extension(known.value, known.critical)
    written = builder.sign(KEY.private, hashes.SHA256()).public_bytes(Encoding.PEM)
    with pytest.raises(EdgesiteError, match="attributes: it asks for 1.2.840.113549.1.9.7"):
        key_proof.check_request(written.decode(), KEY.public, WANTED)


def test_request_that_another_library_made_is_taken():
    like = x509.load_pem_x509_csr(KEY.request().encode())
    builder = x509.CertificateSigningRequestBuilder(like.subject)
    for known in reversed(list(like.extensions)):
        builder = builder.add_extension(known.value, known.critical)
    written = builder.sign(KEY.private, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    assert key_proof.check_request(written, KEY.public, WANTED)


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
