# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A credential opens for its endorsement key and its name alone; the half of the TPM is in software here."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.make_credential import make_credential, secret_for
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.identity.bench import Tpm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

TPMS = {kind: Tpm(kind=kind) for kind in ("rsa2048", "ecc_p256")}
OTHERS = {kind: Tpm(kind=kind) for kind in TPMS}


class NotMine(Exception):
    """What a TPM answers with 0x1DF."""


def kdfa(key, label, context, bits):
    """Written from Part 1, 11.4.10.2, for one block."""
    message = (1).to_bytes(4, "big") + label + b"\0" + context + bits.to_bytes(4, "big")
    return hmac.new(key, message, hashlib.sha256).digest()[: bits // 8]


def take(data):
    size = int.from_bytes(data[:2], "big")
    return data[2 : 2 + size], data[2 + size :]


def activate(tpm, name, credential):
    """TPM2_ActivateCredential, Part 3, 12.5."""
    assert credential[:8] == bytes.fromhex("badcc0de00000001")
    blob, rest = take(credential[8:])
    encrypted_seed, rest = take(rest)
    assert rest == b""
    integrity, encrypted = take(blob)
    try:
        seed = seed_of(tpm, encrypted_seed)
    except ValueError as error:
        raise NotMine from error
    expected = hmac.new(kdfa(seed, b"INTEGRITY", b"", 256), encrypted + name, hashlib.sha256).digest()
    if not hmac.compare_digest(expected, integrity):
        raise NotMine
    block = Cipher(algorithms.AES(kdfa(seed, b"STORAGE", name, 128)), modes.ECB()).encryptor()
    plain, vector = b"", bytes(16)
    for start in range(0, len(encrypted), 16):
        part = encrypted[start : start + 16]
        plain += bytes(left ^ right for left, right in zip(part, block.update(vector)))
        vector = part.ljust(16, b"\0")
    secret, rest = take(plain)
    assert rest == b""
    return secret


def seed_of(tpm, encrypted):
    if tpm.public.type == "rsa":
        oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), b"IDENTITY\0")
        return tpm.private.decrypt(encrypted, oaep)
    x, rest = take(encrypted)
    y, _rest = take(rest)
    theirs = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1())
    shared = tpm.private.exchange(ec.ECDH(), theirs.public_key())
    ours = tpm.public.point[0].to_bytes(32, "big")
    return hashlib.sha256((1).to_bytes(4, "big") + shared + b"IDENTITY\0" + x + ours).digest()


@pytest.mark.parametrize("kind", TPMS)
@given(name=st.binary(min_size=34, max_size=34), secret=st.binary(min_size=1, max_size=32))
def test_opens_for_its_tpm_and_name(kind, name, secret):
    assert activate(TPMS[kind], name, make_credential(TPMS[kind].public, name, secret)) == secret


@pytest.mark.parametrize("kind", TPMS)
@given(name=st.binary(min_size=34, max_size=34), other=st.binary(min_size=34, max_size=34))
def test_opens_for_no_other(kind, name, other):
    credential = make_credential(TPMS[kind].public, name, b"secret")
    with pytest.raises(NotMine):
        activate(OTHERS[kind], name, credential)
    if other != name:
        with pytest.raises(NotMine):
            activate(TPMS[kind], other, credential)


@pytest.mark.parametrize("kind", TPMS)
def test_secrets_are_fresh_and_no_longer_than_a_tpm_takes(kind):
    secrets = {secret_for(TPMS[kind].public) for _number in range(100)}
    assert len(secrets) == 100 and {len(secret) for secret in secrets} == {32}
