# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endorsement keys (EK), by which a TPM is known: TCG EK Credential Profile for TPM 2.0."""

from __future__ import annotations

import hashlib
from typing import Iterator, List, NamedTuple, Optional, Tuple

from . import certificate, der, properties
from .public import Public

# How tpm2_createek calls the profile's templates
TEMPLATES = {"rsa2048": "rsa", "ecc_p256": "ecc", "ecc_p384": "ecc384"}
# Every TPM 2.0 for PCs can make it, and quickly
DEFAULT = "ecc_p256"
# The profile's place for them
_HANDLES = range(0x81010000, 0x81020000)
# and for the certificates of those who issued theirs: one certificate after another, over as many indices as it takes
_ISSUERS = range(0x01C00100, 0x01C00200)
_ATTRIBUTES = frozenset(("fixedtpm", "fixedparent", "sensitivedataorigin", "restricted", "decrypt"))
# TPM 2.0 part 2: TPM_CC_PolicySecret, TPM_CC_PolicyOR, TPM_RH_ENDORSEMENT
_POLICY_SECRET, _POLICY_OR, _ENDORSEMENT = "00000151", "00000171", bytes.fromhex("4000000b")
# EK Credential Profile, PolicyC: what an NV index of the owner's may allow besides (PolicyAuthorizeNV)
_AUTHORIZED = {
    "sha256": "3767e2edd43ff45a3a7e1eaefcef78643dca964632e7aad82c673a30d8633fde",
    "sha384": "d6032ce61f2fb3c240eb3cf6a33237ef2b6a16f4293c22b455e261cffd217ad5b4947c2d73e63005eed2dc2b3593d165",
}


class Policy(NamedTuple):
    """The endorsement hierarchy's word; branches: the digests, that being the first, any of which is enough."""

    hash: str
    branches: Tuple[bytes, ...]


def is_handle(handle: int) -> bool:
    """Whether a persistent handle is one for endorsement keys."""
    return handle in _HANDLES


def is_issuers(handle: int) -> bool:
    """Whether an NV index is one for the issuers' certificates."""
    return handle in _ISSUERS


def is_key(public: Public) -> bool:
    """Whether a key is made as an endorsement key is."""
    return public.attributes >= _ATTRIBUTES and "sign" not in public.attributes and bool(public.policy)


def policy(public: Public) -> Optional[Policy]:
    """How a key is used; None where an empty password does, which a TPM in lockout takes from nobody.

    Keys of the newer templates take a password too, but their policy holds in lockout as well.
    """
    branches = _branches(public.name_hash)
    if branches and public.policy == _digest(public.name_hash, _POLICY_OR, *branches):
        return Policy(public.name_hash, branches)
    return None if "userwithauth" in public.attributes else Policy(public.name_hash, ())


def _branches(name: str) -> Tuple[bytes, ...]:
    if name not in _AUTHORIZED:
        return ()
    secret = _digest(name, _POLICY_SECRET, _ENDORSEMENT)
    return hashlib.new(name, secret).digest(), bytes.fromhex(_AUTHORIZED[name])


def _digest(name: str, command: str, *arguments: bytes) -> bytes:
    """The digest of a policy that begins with a command."""
    start = bytes(hashlib.new(name).digest_size)
    return hashlib.new(name, b"".join((start, bytes.fromhex(command), *arguments))).digest()


def kind(encoded: bytes) -> Optional[str]:
    """The type of key that a certificate, DER, is for; None for one that has no template here."""
    found = certificate.key_type(encoded)
    return found if found in TEMPLATES else None


def certified(encoded: bytes, public: Public) -> bool:
    """Whether a certificate, DER, is for this key. Some makers mark an RSA key as one for OAEP, so that is left out."""
    try:
        return certificate.key(encoded)[1] == der.elements(der.only(der.SEQUENCE, public.spki))[1][1]
    except (ValueError, IndexError):
        return False


def certificates(held: bytes) -> List[str]:
    """The certificates, PEM, in what the indices of issuers hold, put together."""
    return [der.pem("CERTIFICATE", one) for one in _certificates(held)]


def _certificates(held: bytes) -> Iterator[bytes]:
    one: Optional[bytes] = properties.stored(held)
    while one is not None:
        yield one
        held = held[held.index(one) + len(one) :]
        one = properties.stored(held)
