# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A device's certificate beside the request that it answers: what it is for, and when it is renewed."""

from __future__ import annotations

from typing import FrozenSet, Optional

from ...module_utils.tpm import certificate as encoding
from .crypto import Encoding, ExtendedKeyUsageOID, PublicFormat, Signed, x509
from .names import names_of

_USAGES = {
    "digitalSignature": "digital_signature",
    "contentCommitment": "content_commitment",
    "keyEncipherment": "key_encipherment",
    "dataEncipherment": "data_encipherment",
    "keyAgreement": "key_agreement",
}
# Many CAs add these to every certificate; a key that only signs makes no use of them.
_HARMLESS = frozenset(("keyEncipherment", "dataEncipherment", "keyAgreement"))


def read(written: str) -> x509.Certificate:
    """A certificate in PEM of which every part that is looked at can be read. Raises ValueError."""
    try:
        found = x509.load_pem_x509_certificate(written.encode())
        _parts = found.subject, names_of(found), spki(found), usage_problem(found, found)
        return found
    except Exception as error:
        # The library has an error of its own for each way in which a certificate can be strange.
        raise ValueError(str(error)) from error


def spki(signed: Signed) -> bytes:
    """The key of a certificate or a request."""
    return signed.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def usage_problem(certificate: x509.Certificate, request: Signed) -> Optional[str]:
    """In what a certificate allows something else than was asked for; None where it does not."""
    if encoding.signs_for_others(encoding.parse(certificate.public_bytes(Encoding.DER))):
        return "it could sign certificates or revocation lists"
    return _difference("key usage", _key_usage(request), _key_usage(certificate)) or _difference(
        "extended key usage", _purposes(request), _purposes(certificate)
    )


def renewal_due(certificate: x509.Certificate, before: Optional[float], now: float) -> bool:
    """Whether it ends within so many seconds, or within a third of its life."""
    begin, end = (one.timestamp() for one in (certificate.not_valid_before_utc, certificate.not_valid_after_utc))
    return end - now <= (before if before is not None else (end - begin) / 3)


def _difference(what: str, asked: FrozenSet[str], given: FrozenSet[str]) -> Optional[str]:
    lacking, more = asked - given, given - asked - _HARMLESS
    if not asked:
        return None
    if not given:
        return "it has no {0}, and so allows any".format(what)
    if lacking:
        return "its {0} lacks {1}".format(what, ", ".join(sorted(lacking)))
    return "its {0} has {1} as well".format(what, ", ".join(sorted(more))) if more else None


def _key_usage(signed: Signed) -> FrozenSet[str]:
    try:
        found = signed.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(name for name, attribute in _USAGES.items() if getattr(found, attribute))


def _purposes(signed: Signed) -> FrozenSet[str]:
    try:
        found = signed.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(_purpose(one) for one in found)


def _purpose(oid: x509.ObjectIdentifier) -> str:
    if oid == ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE:
        return "anyExtendedKeyUsage"
    return oid.dotted_string if oid._name == "Unknown OID" else oid._name
