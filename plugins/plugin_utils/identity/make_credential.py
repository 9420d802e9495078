# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TPM2_MakeCredential without a TPM: a secret that only one TPM can read, and only while it holds one key.

TPM 2.0 Library, Part 1: Architecture, 24 (Credential Protection), B.10 (RSA) and C.6 (ECC).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Tuple

from ...module_utils.common.errors import EdgesiteError
from ...module_utils.tpm.public import ECC, Public
from .crypto import KBKDFHMAC, Cipher, ConcatKDFHash, CounterLocation, Mode, algorithms, ec, hashes, modes, padding, rsa

# The head of the file that tpm2_activatecredential reads: magic number and version.
_HEAD = bytes.fromhex("badcc0de00000001")
_OTHER = "Set identity_ek_trust to pinned and identity_ek_sha256 to another endorsement key of this TPM"
_CURVES = {"P-256": "SECP256R1", "P-384": "SECP384R1", "P-521": "SECP521R1"}


def make_credential(endorsement: Public, name: bytes, secret: bytes) -> bytes:
    """The credential, as a file of tpm2-tools. endorsement: who can read it; name: of the key it has to hold."""
    if endorsement.aes_bits is None:
        raise EdgesiteError("The endorsement key cannot protect a credential: it does not use AES", _OTHER)
    algorithm: hashes.HashAlgorithm = getattr(hashes, endorsement.name_hash.upper())()
    try:
        seed, encrypted_seed = (_ecc_seed if endorsement.type == ECC else _rsa_seed)(endorsement, algorithm)
    except ValueError as error:
        raise EdgesiteError(
            "The endorsement key is not a {0} key: {1}".format(endorsement.type, error), _OTHER
        ) from error
    storage_key = _kdfa(algorithm, seed, b"STORAGE", name, endorsement.aes_bits)
    encrypted = _cfb(storage_key, _sized(secret))
    integrity_key = _kdfa(algorithm, seed, b"INTEGRITY", b"", algorithm.digest_size * 8)
    integrity = hmac.new(integrity_key, encrypted + name, endorsement.name_hash).digest()
    return _HEAD + _sized(_sized(integrity) + encrypted) + _sized(encrypted_seed)


def _rsa_seed(endorsement: Public, algorithm: hashes.HashAlgorithm) -> Tuple[bytes, bytes]:
    seed = secrets.token_bytes(algorithm.digest_size)
    key = rsa.RSAPublicNumbers(endorsement.exponent, endorsement.modulus).public_key()
    return seed, key.encrypt(seed, padding.OAEP(padding.MGF1(algorithm), algorithm, b"IDENTITY\0"))


def _ecc_seed(endorsement: Public, algorithm: hashes.HashAlgorithm) -> Tuple[bytes, bytes]:
    curve: ec.EllipticCurve = getattr(ec, _CURVES[endorsement.curve])()
    size = (curve.key_size + 7) // 8
    ephemeral = ec.generate_private_key(curve)
    shared = ephemeral.exchange(ec.ECDH(), ec.EllipticCurvePublicNumbers(*endorsement.point, curve).public_key())
    point = ephemeral.public_key().public_numbers()
    ours, theirs = point.x.to_bytes(size, "big"), endorsement.point[0].to_bytes(size, "big")
    seed = ConcatKDFHash(algorithm, algorithm.digest_size, b"IDENTITY\0" + ours + theirs).derive(shared)
    return seed, _sized(ours) + _sized(point.y.to_bytes(size, "big"))


def _kdfa(algorithm: hashes.HashAlgorithm, key: bytes, label: bytes, context: bytes, bits: int) -> bytes:
    """KDFa, Part 1, 11.4.10.2: NIST SP 800-108 in counter mode."""
    derive = KBKDFHMAC(
        algorithm, Mode.CounterMode, bits // 8, 4, 4, CounterLocation.BeforeFixed, label, context, fixed=None
    )
    return derive.derive(key)


def _cfb(key: bytes, data: bytes) -> bytes:
    """AES in CFB mode from a zero vector, out of single blocks: cryptography is about to drop the mode."""
    block = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    encrypted = bytes(16)
    for start in range(0, len(data), 16):
        pad = block.update(encrypted[-16:])
        encrypted += bytes(left ^ right for left, right in zip(data[start : start + 16], pad))
    return encrypted[16:]


def _sized(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def secret_for(endorsement: Public) -> bytes:
    """A fresh secret, of the size that the endorsement key's hash allows."""
    return secrets.token_bytes(hashlib.new(endorsement.name_hash).digest_size)
