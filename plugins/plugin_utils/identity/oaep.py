# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of RSA keys that are marked for OAEP (id-RSAES-OAEP), as makers of TPMs issue them.

OpenSSL 3 reads no such key, and so refuses the certificate. Here it judges a copy whose key is marked as any RSA key
is, and the chain of the CA that signed the certificate; the signature itself and what the CAs above allow are judged
here.
"""

from __future__ import annotations

from typing import Callable, List, Optional, Sequence, Set, Tuple

from ...module_utils.tpm import certificate, der
from ...module_utils.tpm.certificate import Certificate
from . import openssl
from .crypto import InvalidSignature, UnsupportedAlgorithm, ec, hashes, load_der_public_key, padding, rsa

_LABEL = "CERTIFICATE"
_RSA = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.tlv(0x05, b""))
_HASHES = {
    der.oid(prefix + str(number)): name
    for prefix, first in (("1.2.840.113549.1.1.", 11), ("1.2.840.10045.4.3.", 2))
    for number, name in enumerate(("SHA256", "SHA384", "SHA512"), first)
}
_NAME_CONSTRAINTS = der.oid("2.5.29.30")


def is_marked(leaf: str) -> bool:
    """Whether a certificate, PEM, is for such a key."""
    return certificate.is_for_oaep(certificate.parse(_unpem(leaf)))


def refusal(leaf: str, others: Sequence[str], judge: Callable[[str], Optional[str]]) -> Optional[str]:
    """Why such a certificate leads to no root; None where it does.

    others: all certificates of CAs, PEM. judge: why one of them leads to no root.
    """
    encoded = _unpem(leaf)
    why = openssl.refusal_alone(der.pem(_LABEL, _as_any_rsa(encoded)))
    if why:
        return why
    if _hash(encoded) is None:
        return "it is not signed with SHA-256, SHA-384 or SHA-512 by an RSA (PKCS #1) or ECDSA key"
    signers = [one for one in dict.fromkeys(others) if _signed(encoded, _unpem(one))]
    reasons = [_refusal_of(signer, others, judge) for signer in signers]
    return None if None in reasons else (reasons or ["unable to get local issuer certificate"])[0]


def _refusal_of(signer: str, others: Sequence[str], judge: Callable[[str], Optional[str]]) -> Optional[str]:
    found = certificate.parse(_unpem(signer))
    if not certificate.is_authority(found):
        return "its issuer is no CA ({0})".format(certificate.name(found.subject))
    if not _allowed(found, [certificate.parse(_unpem(one)) for one in others]):
        return "a CA above its issuer restricts what that one may sign ({0})".format(certificate.name(found.subject))
    return judge(signer)


def _allowed(signer: Certificate, others: Sequence[Certificate]) -> bool:
    """Whether all that may be above a CA, by their names, allow what it signs.

    Below the one above there is one CA, the signer. Constraints of names are not read, but a reason to refuse.
    """
    if _NAME_CONSTRAINTS in signer.extensions:
        return False
    seen, names, below = {_name(signer.subject)}, {_name(signer.issuer)}, 1
    while names - seen:
        above = [one for one in others if _name(one.subject) in names - seen]
        if any(_forbids(one, below) for one in above):
            return False
        seen, names, below = seen | names, _issuers(above), below + 1
    return True


def _issuers(certificates: Sequence[Certificate]) -> Set[str]:
    return {_name(one.issuer) for one in certificates}


def _name(encoded: bytes) -> str:
    """A name for comparison: makers write the same one as different kinds of text (STM TPM ECC Root CA 01)."""
    return " ".join(certificate.name(encoded).lower().split())


def _forbids(authority: Certificate, below: int) -> bool:
    longest = certificate.path_length(authority)
    return _NAME_CONSTRAINTS in authority.extensions or (longest is not None and longest < below)


def _as_any_rsa(encoded: bytes) -> bytes:
    """The certificate with its key marked as any RSA key is; so the signature does not fit."""
    signed, *rest = der.elements(der.only(der.SEQUENCE, encoded))
    key = der.tlv(*certificate.fields(encoded)[5])
    marked = der.sequence(_RSA, der.tlv(der.BIT_STRING, certificate.key(encoded)[1]))
    parts = [marked if part == key else part for part in _encoded(der.elements(signed[1]))]
    return der.sequence(der.sequence(*parts), *_encoded(rest))


def _encoded(elements: Sequence[Tuple[int, bytes]]) -> List[bytes]:
    return [der.tlv(*one) for one in elements]


def _hash(encoded: bytes) -> Optional[str]:
    """The hash that a certificate is signed with, of those that hold."""
    _tag, algorithm = certificate.fields(encoded)[1]
    return next((name for oid, name in _HASHES.items() if algorithm.startswith(oid)), None)


def _signed(encoded: bytes, by: bytes) -> bool:
    """Whether a certificate names another one's subject as its issuer, and was signed with its key."""
    signer = certificate.parse(by)
    if _name(signer.subject) != _name(certificate.parse(encoded).issuer) or certificate.is_for_oaep(signer):
        return False
    signed, algorithm, (_tag, bits) = der.elements(der.only(der.SEQUENCE, encoded))
    public = der.tlv(*certificate.fields(by)[5])
    return algorithm == certificate.fields(encoded)[1] and _fits(public, bits[1:], der.tlv(*signed), _hash(encoded))


def _fits(public: bytes, signature: bytes, signed: bytes, hash_name: Optional[str]) -> bool:
    if hash_name is None:
        return False
    digest = getattr(hashes, hash_name)()
    try:
        key = load_der_public_key(public)
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(digest))
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _unpem(written: str) -> bytes:
    return der.unpem(_LABEL, written)
