# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates (RFC 5280) as makers of TPMs and CAs write them, which is not always DER to the last bit.

What is no certificate, or has a part that cannot be read, is a ValueError.
"""

from __future__ import annotations

from typing import Dict, FrozenSet, List, NamedTuple, Optional, Tuple

from . import der

_BASIC_CONSTRAINTS, _KEY_USAGE, _EXTENDED_KEY_USAGE = (der.oid(one) for one in ("2.5.29.19", "2.5.29.15", "2.5.29.37"))
_EC = der.oid("1.2.840.10045.2.1")
# rsaesOaep, which some makers of TPMs write in place of rsaEncryption
_OAEP = der.oid("1.2.840.113549.1.1.7")
_RSA = (der.oid("1.2.840.113549.1.1.1"), _OAEP)
_CURVES = {
    der.oid(dotted): name
    for dotted, name in (
        ("1.2.840.10045.3.1.7", "p256"),
        ("1.3.132.0.34", "p384"),
        ("1.3.132.0.35", "p521"),
        ("1.2.156.10197.1.301", "sm2"),
    )
}
_VERSION, _EXTENSIONS = 0xA0, 0xA3
# keyCertSign and cRLSign, bits 5 and 6
_SIGNS_FOR_OTHERS = 0x06
_SIGNS_CERTIFICATES = 0x04
_LEAST_CURVE = 256
_LONGEST_VALUE = 128
_BMP_STRING = 0x1E
_ATTRIBUTES = {
    der.oid(dotted): name
    for dotted, name in (
        ("2.5.4.3", "CN"),
        ("2.5.4.5", "serialNumber"),
        ("2.5.4.6", "C"),
        ("2.5.4.7", "L"),
        ("2.5.4.8", "ST"),
        ("2.5.4.10", "O"),
        ("2.5.4.11", "OU"),
        ("0.9.2342.19200300.100.1.25", "DC"),
        ("1.2.840.113549.1.9.1", "emailAddress"),
    )
}


class Certificate(NamedTuple):
    """What is judged of a certificate. key: the content of its algorithm and of its bits. extensions: by OID."""

    issuer: bytes
    subject: bytes
    key: Tuple[bytes, bytes]
    extensions: Dict[bytes, bytes]


def parse(encoded: bytes) -> Certificate:
    """The certificate. Raises NotDer for what is none."""
    try:
        _serial, _algorithm, issuer, _validity, subject, _key, *rest = fields(encoded)
        extensions = [content for tag, content in rest if tag == _EXTENSIONS]
        found = _extensions(extensions[0]) if extensions else {}
        return Certificate(issuer[1], subject[1], key(encoded), found)
    except (ValueError, IndexError) as error:
        raise der.NotDer("it is not a certificate: {0}".format(error)) from error


def fields(encoded: bytes) -> List[Tuple[int, bytes]]:
    """What is signed in a certificate: serial number, algorithm, issuer, validity, subject, key and what may follow."""
    _tag, signed, _signature = der.split(der.only(der.SEQUENCE, encoded))
    return [one for one in der.elements(signed) if one[0] != _VERSION]


def key(encoded: bytes) -> Tuple[bytes, bytes]:
    """The content of the algorithm and of the bits of a certificate's key."""
    (_tag, algorithm), (_tag, bits) = der.elements(fields(encoded)[5][1])
    return algorithm, bits


def key_type(encoded: bytes) -> Optional[str]:
    """The type of a certificate's key: rsa2048, ecc_p384 and the like. None for other keys, and for no certificate."""
    try:
        algorithm, bits = key(encoded)
        if algorithm.startswith(_EC):
            return "ecc_" + _CURVES[algorithm[len(_EC) :]]
        if algorithm.startswith(_RSA):
            _tag, modulus = der.elements(der.only(der.SEQUENCE, bits[1:]))[0]
            return "rsa{0}".format(int.from_bytes(modulus, "big").bit_length())
    except (ValueError, LookupError):
        pass
    return None


def signs_for_others(certificate: Certificate) -> bool:
    """Whether the certificate says that its key may sign certificates or revocation lists."""
    return _says_ca(certificate) or bool(_usage(certificate, der.bits(b"")) & _SIGNS_FOR_OTHERS)


def is_authority(certificate: Certificate) -> bool:
    """Whether the certificate is that of a CA, whose key may sign certificates."""
    return _says_ca(certificate) and bool(_usage(certificate, der.bits(b"\xff")) & _SIGNS_CERTIFICATES)


def path_length(certificate: Certificate) -> Optional[int]:
    """How many CAs may follow below this one; None where that is not limited."""
    numbers = [content for tag, content in _constraints(certificate) if tag == der.INTEGER]
    return int.from_bytes(numbers[0], "big") if numbers else None


def _says_ca(certificate: Certificate) -> bool:
    return any(tag == der.BOOLEAN and any(content) for tag, content in _constraints(certificate))


def _constraints(certificate: Certificate) -> List[Tuple[int, bytes]]:
    written = certificate.extensions.get(_BASIC_CONSTRAINTS, der.sequence())
    return der.elements(der.only(der.SEQUENCE, written))


def _usage(certificate: Certificate, default: bytes) -> int:
    """The first byte of the flags of its key usage, after the number of unused bits."""
    written = der.only(der.BIT_STRING, certificate.extensions.get(_KEY_USAGE, default))
    return written[1] if len(written) > 1 else 0


def is_for_oaep(certificate: Certificate) -> bool:
    """Whether the key is an RSA key that is marked for encryption with OAEP."""
    return certificate.key[0].startswith(_OAEP)


def purposes(certificate: Certificate) -> FrozenSet[bytes]:
    """The OIDs of its extended key usage, encoded; none where it has no such extension."""
    written = certificate.extensions.get(_EXTENDED_KEY_USAGE, der.sequence())
    return frozenset(der.tlv(*one) for one in der.elements(der.only(der.SEQUENCE, written)))


def has_small_curve(certificate: Certificate) -> bool:
    """Whether the key is on an elliptic curve of fewer than 256 bits."""
    algorithm, bits = certificate.key
    if not algorithm.startswith(_EC):
        return False
    # unused bits, the form of the point, and one coordinate or both
    both = bits[1:2] == b"\x04"
    return (len(bits) - 2) * 8 < _LEAST_CURVE * (2 if both else 1)


def name(encoded: bytes) -> str:
    """A name the way that openssl writes it with RFC2253: 'CN=A root,O=A maker'."""
    relative = [
        "+".join(_attribute(one) for _tag, one in der.elements(content)) for _tag, content in der.elements(encoded)
    ]
    return ",".join(reversed(relative))


def _extensions(written: bytes) -> Dict[bytes, bytes]:
    found: Dict[bytes, bytes] = {}
    for _tag, one in der.elements(der.only(der.SEQUENCE, written)):
        # the OID, whether it is critical, and the value
        (tag, dotted), *_critical, (_octets, value) = der.elements(one)
        oid = der.tlv(tag, dotted)
        if oid in found:
            raise der.NotDer("an extension appears twice")
        found[oid] = value
    return found


def _attribute(written: bytes) -> str:
    (tag, dotted), (kind, value) = der.elements(written)
    text = value.decode("utf-16-be" if kind == _BMP_STRING else "utf-8", "replace")
    shown = "".join(("\\" if one in ',+"\\<>;=' else "") + one if one.isprintable() else "?" for one in text)
    return "{0}={1}".format(_ATTRIBUTES.get(der.tlv(tag, dotted), "other"), shown[:_LONGEST_VALUE])
