# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate requests (PKCS #10, RFC 2986) for keys that sign elsewhere, as in a TPM.

Encoded here, since OpenSSL's provider for TPMs writes ECDSA requests that strict parsers refuse (it adds NULL
parameters), and the hosts' Python libraries are often too old to build one for a key that they do not hold.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any, Dict, List, NamedTuple, Tuple

from ..common import lines
from ..common.errors import EdgesiteError, Problems, shown
from ..tpm import der
from ..tpm.public import ECC, Public

_SUBJECT = {
    "country": "2.5.4.6",
    "state": "2.5.4.8",
    "locality": "2.5.4.7",
    "organization": "2.5.4.10",
    "organizational_unit": "2.5.4.11",
    "common_name": "2.5.4.3",
}
# RFC 5280, appendix A.1: upper bounds, in characters
_LONGEST = {
    "country": 2,
    "state": 128,
    "locality": 128,
    "organization": 64,
    "organizational_unit": 64,
    "common_name": 64,
}
_KEY_USAGE = {
    "digitalSignature": 0,
    "contentCommitment": 1,
    "keyEncipherment": 2,
    "dataEncipherment": 3,
    "keyAgreement": 4,
}
_EXTENDED_KEY_USAGE = {"serverAuth": "1.3.6.1.5.5.7.3.1", "clientAuth": "1.3.6.1.5.5.7.3.2"}
_DNS = re.compile(
    r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\Z", re.ASCII | re.I
)
_COUNTRY = re.compile(r"[A-Z]{2}\Z", re.ASCII)


class Request(NamedTuple):
    """What a certificate is asked for. names: (dns | ip, value)."""

    subject: Tuple[Tuple[str, str], ...]
    names: Tuple[Tuple[str, str], ...]
    key_usage: Tuple[str, ...]
    extended_key_usage: Tuple[str, ...]


class Called(NamedTuple):
    """What users know the options by."""

    subject: str = "subject"
    names: str = "subject_alt_name"


_OWN = Called()


def request(
    subject: Dict[str, str],
    names: List[str],
    key_usage: List[str],
    extended_key_usage: List[str],
    called: Called = _OWN,
) -> Request:
    """The request that a user's options ask for. names: 'DNS:host.example' or 'IP:192.0.2.1'."""
    problems = Problems()
    for name, value in subject.items():
        with problems:
            _check_attribute(called.subject, name, value)
    found: List[Tuple[str, str]] = []
    with problems:
        lines.each(called.names, names, lines.TEXT)
        for place, written in enumerate(names):
            with problems:
                found.append(_name("{0}[{1}]".format(called.names, place), written))
    if not problems.found and not subject.get("common_name") and not names:
        raise EdgesiteError(
            "{0} has no common_name, and {1} is empty, so the certificate would be for nobody".format(*called),
            "Add common_name to {0}, or names such as DNS:gpu-a.plant.example to {1}".format(*called),
        )
    for option, usages, known in (
        ("key_usage", key_usage, _KEY_USAGE),
        ("extended_key_usage", extended_key_usage, _EXTENDED_KEY_USAGE),
    ):
        for name in usages:
            with problems:
                _known(option, name, known)
    problems.end()
    return Request(
        tuple((name, subject[name]) for name in _SUBJECT if name in subject),
        tuple(found),
        tuple(key_usage),
        tuple(extended_key_usage),
    )


def _check_attribute(option: str, name: str, value: Any) -> None:
    _known(option, name, _SUBJECT)
    where = "{0}.{1}".format(option, name)
    lines.checked(where, value, lines.TEXT)
    if not 0 < len(value) <= _LONGEST[name] or not value.isprintable():
        raise EdgesiteError(
            "{0} is {1}, which is not 1 to {2} printable characters".format(where, shown(value), _LONGEST[name]),
            "Shorten {0} or write it in other characters, or remove it".format(where),
        )
    if name == "country" and not _COUNTRY.match(value):
        raise EdgesiteError(
            "{0} is {1}, which is not two capital letters".format(where, shown(value)),
            "Write the code of the country as in ISO 3166, such as DE",
        )


def to_be_signed(wanted: Request, public: Public) -> bytes:
    """The part of the request that the key signs."""
    extensions = []
    if wanted.names:
        names = b"".join(
            der.tlv(0x82, value.encode("ascii")) if kind == "dns" else der.tlv(0x87, ipaddress.ip_address(value).packed)
            for kind, value in wanted.names
        )
        extensions.append(_extension("2.5.29.17", not wanted.subject, der.tlv(der.SEQUENCE, names)))
    if wanted.key_usage:
        flags = der.named_bits([_KEY_USAGE[name] for name in wanted.key_usage])
        extensions.append(_extension("2.5.29.15", True, flags))
    if wanted.extended_key_usage:
        purposes = (der.oid(_EXTENDED_KEY_USAGE[name]) for name in wanted.extended_key_usage)
        extensions.append(_extension("2.5.29.37", False, der.sequence(*purposes)))
    asked = der.sequence(der.oid("1.2.840.113549.1.9.14"), der.set_of(der.sequence(*extensions)))
    return der.sequence(
        der.integer(0), _subject(wanted.subject), public.spki, der.explicit(0, asked if extensions else b"")
    )


def assemble(signed: bytes, public: Public, signature: bytes) -> bytes:
    """The whole request. signature: over SHA-256, as DER of r and s for an ECC key, PKCS #1 v1.5 for an RSA key."""
    if public.type == ECC:
        # RFC 5758, 3.2: no parameters
        algorithm = der.sequence(der.oid("1.2.840.10045.4.3.2"))
    else:
        algorithm = der.sequence(der.oid("1.2.840.113549.1.1.11"), der.tlv(0x05, b""))
    return der.sequence(signed, algorithm, der.bits(signature))


def pem(encoded: bytes) -> str:
    """The request as PEM."""
    return der.pem("CERTIFICATE REQUEST", encoded)


def unpem(written: str) -> bytes:
    """The DER form of a request in PEM."""
    try:
        return der.unpem("CERTIFICATE REQUEST", written)
    except der.NotDer as error:
        raise not_a_request(error) from error


def not_a_request(why: Exception) -> EdgesiteError:
    """What is said of an option csr that is none."""
    return EdgesiteError(
        "The option csr is not a certificate request: {0}".format(why),
        "Set it to the value csr in the result of edgesite.gpu.tpm_csr",
    )


def signed_part(encoded: bytes) -> bytes:
    """What a request's key signed, DER."""
    try:
        return der.tlv(*der.elements(der.only(der.SEQUENCE, encoded))[0])
    except (der.NotDer, IndexError) as error:
        raise not_a_request(error) from error


def _known(option: str, name: str, allowed: Dict[str, Any]) -> None:
    if name not in allowed:
        raise EdgesiteError(
            "{0} has the unknown entry {1}".format(option, shown(name)),
            "Use only these: {0}".format(", ".join(allowed)),
        )


def _name(where: str, written: str) -> Tuple[str, str]:
    kind, _colon, value = written.partition(":")
    if kind == "DNS" and _DNS.match(value):
        return "dns", value.lower()
    if kind == "IP":
        try:
            return "ip", str(ipaddress.ip_address(value))
        except ValueError:
            pass
    raise EdgesiteError(
        "{0} is {1}, which is neither 'DNS:' and a host name nor 'IP:' and an address".format(where, shown(written)),
        "Write it like DNS:gpu-a.plant.example, of letters, digits, '-' and '.', or like IP:192.0.2.11",
    )


def _subject(fields: Tuple[Tuple[str, str], ...]) -> bytes:
    return der.sequence(
        *(
            der.set_of(
                der.sequence(
                    der.oid(_SUBJECT[name]),
                    der.tlv(der.PRINTABLE_STRING, value.encode("ascii")) if name == "country" else der.text(value),
                )
            )
            for name, value in fields
        )
    )


def _extension(dotted: str, critical: bool, value: bytes) -> bytes:
    return der.sequence(der.oid(dotted), *([der.boolean(True)] if critical else []), der.octets(value))
