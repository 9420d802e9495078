# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures by RSA-PSS (RFC 8017, 9.1), of which a TPM chooses the salt's length. TLS 1.3 takes the hash's only."""

from __future__ import annotations

import hashlib
from typing import Optional

from .public import Public

_HASH = "sha256"
# What TLS 1.3 takes (RFC 8446, 4.2.3)
SALT = hashlib.new(_HASH).digest_size
_TRAILER = 0xBC


def salt_length(public: Public, digest: bytes, signature: bytes) -> Optional[int]:
    """The length of the salt in a signature over a SHA-256 digest; None where the signature is none of this key."""
    bits = public.modulus.bit_length() - 1
    number = pow(int.from_bytes(signature, "big"), public.exponent, public.modulus)
    if number.bit_length() > bits:
        return None
    encoded = number.to_bytes((bits + 7) // 8, "big")
    masked, check = encoded[: -SALT - 1], encoded[-SALT - 1 : -1]
    block = int.from_bytes(masked, "big") ^ int.from_bytes(_mask(check, len(masked)), "big")
    # the bits before the number's own are not masked
    block &= (1 << (bits - 8 * (SALT + 1))) - 1
    padded = block.to_bytes(len(masked), "big").lstrip(b"\0")
    salt = padded[1:]
    right = encoded[-1] == _TRAILER and padded[:1] == b"\1" and _digest(bytes(8) + digest + salt) == check
    return len(salt) if right else None


def _mask(seed: bytes, length: int) -> bytes:
    """MGF1."""
    return b"".join(_digest(seed + count.to_bytes(4, "big")) for count in range(length // SALT + 1))[:length]


def _digest(data: bytes) -> bytes:
    return hashlib.new(_HASH, data).digest()
