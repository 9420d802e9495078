# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates are read as openssl reads them, also where they are not DER to the last bit."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import certificate, der
from ansible_collections.edgesite.gpu.tests.unit.places import FIXTURES
from hypothesis import given
from hypothesis import strategies as st

TPM = FIXTURES / "tpm"
EK = (TPM / "ek-rsa.der").read_bytes()
EC, P256 = der.oid("1.2.840.10045.2.1"), der.oid("1.2.840.10045.3.1.7")
EK_PURPOSE = der.oid("2.23.133.8.1")
BASIC, USAGE, PURPOSES, ATTRIBUTES = (der.oid(one) for one in ("2.5.29.19", "2.5.29.15", "2.5.29.37", "2.5.29.9"))
FALSE, TRUE = der.boolean(False), der.boolean(True)


def attribute(dotted, value):
    return der.sequence(der.oid(dotted), value)


def relative(*attributes):
    """One relative name, its attributes in any order."""
    return der.tlv(der.SET, b"".join(attributes))


MAKER = der.sequence(relative(attribute("2.5.4.3", der.text("A maker"))))


def extension(oid, value, *critical):
    return der.sequence(oid, *critical, der.octets(value))


def made(*extensions, issuer=MAKER, point=b"\x04" + bytes(64), algorithm=EC + P256):
    more = [der.explicit(3, der.sequence(*extensions))] if extensions else []
    key = der.sequence(der.tlv(der.SEQUENCE, algorithm), der.bits(point))
    signed = [der.explicit(0, der.integer(2)), der.integer(7), der.sequence(), issuer, der.sequence(), der.sequence()]
    return der.sequence(der.sequence(*signed, key, *more), der.sequence(), der.bits(b"signature"))


def parsed(*extensions, **more):
    return certificate.parse(made(*extensions, **more))


def test_certificate_of_a_maker():
    found = certificate.parse(EK)
    assert EK_PURPOSE in certificate.purposes(found)
    assert not certificate.signs_for_others(found) and not certificate.has_small_curve(found)
    assert certificate.name(found.issuer) == "CN=swtpm-localca"


@pytest.mark.parametrize(
    "extensions, expected",
    [
        ([], False),
        ([extension(BASIC, der.sequence())], False),
        ([extension(BASIC, der.sequence(FALSE), TRUE)], False),
        ([extension(BASIC, der.sequence(TRUE))], True),
        ([extension(BASIC, der.sequence(TRUE, der.integer(0)), TRUE)], True),
        ([extension(BASIC, der.sequence(der.tlv(der.BOOLEAN, b"\x01")))], True),
        ([extension(USAGE, der.named_bits([0, 2, 4]), TRUE)], False),
        ([extension(USAGE, der.named_bits([5]), TRUE)], True),
        ([extension(USAGE, der.named_bits([0, 6]))], True),
        ([extension(USAGE, der.named_bits([]))], False),
        ([extension(BASIC, der.sequence(FALSE)), extension(USAGE, der.named_bits([5]))], True),
    ],
)
def test_who_signs_for_others(extensions, expected):
    assert certificate.signs_for_others(parsed(*extensions)) is expected


RSA_NUMBERS = der.sequence(der.integer(1 << 2047), der.integer(65537))


@pytest.mark.parametrize(
    "algorithm, bits, expected",
    [
        (EC + P256, b"\x04", "ecc_p256"),
        (EC + der.oid("1.3.132.0.34"), b"\x04", "ecc_p384"),
        (EC + der.oid("1.2.156.10197.1.301"), b"\x04", "ecc_sm2"),
        # a curve that TPMs do not have, and none
        (EC + der.oid("1.3.132.0.10"), b"\x04", None),
        (EC, b"\x04", None),
        (der.oid("1.2.840.113549.1.1.1") + der.tlv(0x05, b""), RSA_NUMBERS, "rsa2048"),
        (der.oid("1.2.840.113549.1.1.1"), RSA_NUMBERS, "rsa2048"),
        # rsaesOaep, with its parameters
        (der.oid("1.2.840.113549.1.1.7") + der.sequence(), RSA_NUMBERS, "rsa2048"),
        (der.oid("1.2.840.113549.1.1.1"), b"no numbers", None),
        (der.oid("1.2.840.113549.1.1.1"), der.sequence(), None),
        (der.oid("1.3.101.112"), bytes(32), None),
    ],
)
def test_key_types(algorithm, bits, expected):
    assert certificate.key_type(made(algorithm=algorithm, point=bits)) == expected


def test_purposes():
    both = der.sequence(EK_PURPOSE, der.oid("1.3.6.1.5.5.7.3.1"))
    assert certificate.purposes(parsed(extension(PURPOSES, both))) == {EK_PURPOSE, der.oid("1.3.6.1.5.5.7.3.1")}
    assert certificate.purposes(parsed()) == frozenset()


def test_what_is_not_der_is_read():
    """As it is in certificates of real makers: a default that is written out, a set in another order."""
    written_out = extension(ATTRIBUTES, der.sequence(), FALSE), extension(BASIC, der.sequence(FALSE), FALSE)
    values = (
        ("2.5.4.3", der.text("Maker")),
        ("2.5.4.6", der.tlv(der.PRINTABLE_STRING, b"DE")),
        ("2.5.4.10", der.text("X")),
    )
    issuer = der.sequence(relative(*(attribute(*one) for one in values)))
    found = parsed(*written_out, issuer=issuer)
    assert not certificate.signs_for_others(found)
    assert certificate.name(found.issuer) == "CN=Maker+C=DE+O=X"


@pytest.mark.parametrize(
    "point, expected",
    [
        (b"\x04" + bytes(2 * 32), False),
        (b"\x02" + bytes(32), False),
        (b"\x04" + bytes(2 * 66), False),
        (b"\x04" + bytes(2 * 28), True),
        (b"\x03" + bytes(28), True),
        (b"\x04" + bytes(2 * 24), True),
        (b"", True),
    ],
)
def test_small_curves(point, expected):
    assert certificate.has_small_curve(parsed(point=point)) is expected
    # RSA is openssl's to judge
    rsa = der.oid("1.2.840.113549.1.1.1") + der.tlv(0x05, b"")
    assert not certificate.has_small_curve(parsed(point=point, algorithm=rsa))


@pytest.mark.parametrize(
    "values, shown",
    [
        ([("2.5.4.6", der.text("DE")), ("2.5.4.10", der.text("A, B + C"))], "O=A\\, B \\+ C,C=DE"),
        ([("2.5.4.3", der.tlv(0x1E, "Größe".encode("utf-16-be")))], "CN=Größe"),
        ([("2.5.4.3", der.text("a\n\x1b[31mb"))], "CN=a??[31mb"),
        ([("1.2.3.4", der.tlv(0x0C, b"\xff"))], "other=\ufffd"),
        ([("2.5.4.3", der.text("x" * 1000))], "CN=" + "x" * 128),
        ([], ""),
    ],
)
def test_names(values, shown):
    assert certificate.name(b"".join(relative(attribute(*one)) for one in values)) == shown


def test_extension_that_is_there_twice():
    with pytest.raises(der.NotDer, match="twice"):
        parsed(extension(BASIC, der.sequence()), extension(BASIC, der.sequence(TRUE)))


@given(st.binary(max_size=100))
def test_any_bytes_are_no_certificate(data):
    with pytest.raises(der.NotDer):
        certificate.parse(data)


@given(st.data())
def test_a_damaged_certificate_is_read_or_refused(data):
    place = data.draw(st.integers(0, len(EK) - 1))
    damaged = EK[:place] + data.draw(st.binary(max_size=8)) + EK[place + 1 :]
    try:
        found = certificate.parse(damaged)
        certificate.purposes(found)
        certificate.signs_for_others(found)
        certificate.has_small_curve(found)
        certificate.name(found.issuer)
    except ValueError:
        return
