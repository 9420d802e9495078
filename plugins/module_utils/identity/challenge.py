# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a TPM and the controller both work out of a challenge: the same answer only where the TPM found the secrets."""

from __future__ import annotations

import hashlib
import hmac
from typing import Sequence

from ..tpm import der
from . import csr

# Version and purpose, so that an answer is good for nothing else
_PURPOSE = b"edgesite.gpu/tpm-challenge/1"


def answer(secrets: Sequence[bytes], challenge_id: str, csr_der: bytes) -> str:
    """The proof, in hex: of all secrets, in this order, for this challenge and for this request alone."""
    message = b"\0".join((_PURPOSE, challenge_id.encode("utf-8"), hashlib.sha256(csr_der).digest()))
    return hmac.new(b"".join(secrets), message, hashlib.sha256).hexdigest()


def requested_key(csr_der: bytes) -> bytes:
    """The SubjectPublicKeyInfo that a certificate is requested for, DER."""
    try:
        _tag, signed, _signature = der.split(der.only(der.SEQUENCE, csr_der))
        _version, _subject, key = der.elements(signed)[:3]
    except (der.NotDer, ValueError) as error:
        raise csr.not_a_request(error) from error
    return der.tlv(*key)
