# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import hashlib

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import properties
from ansible_collections.edgesite.gpu.tests.unit.places import FIXTURES
from hypothesis import given
from hypothesis import strategies as st

TPM = FIXTURES / "tpm"


def text(name):
    return (TPM / name).read_text()


def test_properties():
    found = properties.parse_properties(text("properties-fixed.txt"))
    assert found == properties.Properties("2.0", "IBM", "SW   TPM", "8217.4131.22.13878")


def test_no_properties():
    assert properties.parse_properties("raw: 0x1\n  raw: 0x1\n") == properties.Properties(None, None, None, None)


def test_handles():
    found = properties.parse_handles(text("handles-nv-index.txt"))
    assert found == [0x1C00002, 0x1C00016]
    assert all(properties.is_ek_certificate(handle) for handle in found)


@pytest.mark.parametrize(
    "handle, expected",
    [
        (0x1C00002, True),
        # nonce and template of the low range
        (0x1C00003, False),
        (0x1C00004, False),
        (0x1C0000A, True),
        (0x1C00012, True),
        (0x1C00013, False),
        (0x1C00014, True),
        (0x1C000FE, True),
        # the issuers' certificates
        (0x1C00100, False),
        (0x1500001, False),
    ],
)
def test_ek_certificate_handles(handle, expected):
    assert properties.is_ek_certificate(handle) is expected


@pytest.mark.parametrize(
    "name, handle, key_type", [("ek-rsa", 0x1C00002, "rsa2048"), ("ek-ecc", 0x1C00016, "ecc_p384")]
)
def test_certificate(name, handle, key_type):
    encoded = (TPM / (name + ".der")).read_bytes()
    found = properties.certificate(handle, encoded, text(name + ".txt"))
    assert found.handle == "0x{0:08x}".format(handle)
    assert found.key_type == key_type
    assert (found.subject, found.issuer) == ("CN=unknown", "CN=swtpm-localca")
    assert found.not_after == "9999-12-31T23:59:59Z"
    assert found.sha256 == hashlib.sha256(encoded).hexdigest()
    body = found.pem.splitlines()[1:-1]
    assert base64.b64decode("".join(body)) == encoded
    assert max(len(line) for line in body) == 64


def test_certificate_without_openssl():
    found = properties.certificate(0x1C00002, b"0\x01\x00", "")
    assert (found.key_type, found.subject, found.issuer, found.not_after) == (None, None, None, None)


@pytest.mark.parametrize(
    "date, expected",
    [
        ("Jan  5 10:11:12 2049 GMT", "2049-01-05T10:11:12Z"),
        ("Xyz  5 10:11:12 2049 GMT", None),
        ("2049-01-05", None),
    ],
)
def test_not_after(date, expected):
    assert properties.certificate(1, b"", "notAfter=" + date).not_after == expected


@given(st.binary(min_size=1, max_size=300), st.binary(max_size=20))
def test_stored_certificate_drops_padding(content, padding):
    size = len(content)
    head = bytes([0x30, size]) if size < 0x80 else bytes([0x30, 0x82]) + size.to_bytes(2, "big")
    if size >= 2:
        assert properties.stored(head + content + padding) == head + content


def test_stored_certificate_in_an_octet_string():
    """As some makers write it; what is around the certificate is no part of it."""
    inner = b"0\x82\x01\x00" + bytes(256)
    wrapped = b"\x04\x82" + len(inner).to_bytes(2, "big") + inner
    assert properties.stored(wrapped) == properties.stored(wrapped + b"\xff\xff") == inner
    for broken in (b"\x04\x04" + inner, wrapped[:-1], b"\x04\x03abc"):
        assert properties.stored(broken) is None


@pytest.mark.parametrize("data", [b"", b"0\x82\x03", b"\xff" * 100, b"\0" * 100, b"0\x82\x03\xf4abc", b"0\x00\x00\x00"])
def test_no_certificate_is_stored(data):
    assert properties.stored(data) is None


def test_error_with_the_code():
    assert "0x18B" in properties.parse_error(text("nvread-error.txt"))


def test_error_without_code():
    printed = (
        "ERROR:tcti:src/tss2-tcti/tcti-device.c:452:Tss2_Tcti_Device_Init() Failed to open /dev/tpmrm0 \n"
        'ERROR: Could not load tcti, got: "device:/dev/tpmrm0"\n'
    )
    assert properties.parse_error(printed) == "Failed to open /dev/tpmrm0"
    assert properties.parse_error("WARN: nothing") == "no message"


@given(st.text())
def test_parsers_take_any_text(anything):
    properties.parse_properties(anything)
    properties.parse_properties("TPM2_PT_MANUFACTURER:\n  raw: 0x" + anything)
    properties.parse_handles("- 0x" + anything)
    properties.parse_error("ERROR:" + anything)
    properties.certificate(1, b"", anything)
    properties.certificate(1, b"", "notAfter=" + anything)


@given(st.binary())
def test_what_is_stored_may_be_any_data(data):
    found = properties.stored(b"0" + data)
    assert found is None or (b"0" + data).startswith(found)
