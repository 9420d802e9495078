# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts, TPMs and manufacturers bring, made in software: keys with public areas, requests, endorsement keys."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac

from ansible_collections.edgesite.gpu.plugins.module_utils.core import csr, tpm_public
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
DAY = datetime.timedelta(days=1)
EK_PURPOSE = x509.ObjectIdentifier("2.23.133.8.1")
# PolicySecret(endorsement), by which endorsement keys are used
EK_POLICY = bytes.fromhex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa")
EK_ATTRIBUTES = ("fixedtpm", "fixedparent", "sensitivedataorigin", "adminwithpolicy", "restricted", "decrypt")
WANTED = csr.request(
    {"common_name": "gpu-a"}, ["DNS:gpu-a", "IP:192.0.2.1"], ["digitalSignature"], ["serverAuth", "clientAuth"]
)


def sized(data):
    return len(data).to_bytes(2, "big") + data


def area(key, attributes, storage=False, policy=b""):
    """The public area that a TPM would have for this key."""
    bits = sum(1 << bit for bit, name in tpm_public.ATTRIBUTES.items() if name in attributes)
    symmetric = bytes.fromhex("000600800043") if storage else bytes.fromhex("0010")
    numbers = key.public_key().public_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        size = numbers.n.bit_length()
        rest = symmetric + bytes.fromhex("0010") + size.to_bytes(2, "big") + bytes(4)
        unique = sized(numbers.n.to_bytes(size // 8, "big"))
        head = bytes.fromhex("0001000b")
    else:
        scheme = bytes.fromhex("0010") if storage else bytes.fromhex("0018000b")
        rest = symmetric + scheme + bytes.fromhex("00030010")
        unique = sized(numbers.x.to_bytes(32, "big")) + sized(numbers.y.to_bytes(32, "big"))
        head = bytes.fromhex("0023000b")
    return head + bits.to_bytes(4, "big") + sized(policy) + rest + unique


def encoded(public_area):
    return base64.b64encode(sized(public_area)).decode()


class DeviceKey:
    """A key of a host: in its TPM, if one believes the attributes."""

    def __init__(self, attributes=tpm_public.DEVICE_KEY, kind="ecc_p256"):
        self.private = (
            ec.generate_private_key(ec.SECP256R1())
            if kind == "ecc_p256"
            else rsa.generate_private_key(65537, int(kind[3:]))
        )
        self.public = tpm_public.parse_area(area(self.private, attributes))
        self.encoded = encoded(self.public.area)

    def request(self, wanted=WANTED, signer=None):
        """A request for this key, signed by it or by another one."""
        signed = csr.to_be_signed(wanted, self.public)
        private = (signer or self).private
        if isinstance(private, rsa.RSAPrivateKey):
            signature = private.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        else:
            signature = private.sign(signed, ec.ECDSA(hashes.SHA256()))
        return csr.pem(csr.assemble(signed, self.public, signature))


class Authority:
    """A CA, such as that of a manufacturer of TPMs."""

    def __init__(self, name, above=None, ends=3650 * DAY):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        signer = above or self
        extensions = [
            (x509.BasicConstraints(True, None), True),
            (x509.KeyUsage(False, False, False, False, False, True, True, False, False), True),
        ]
        self.pem = certificate(self.name, self.key.public_key(), signer, ends, extensions)

    def issue(self, key, ends=365 * DAY, extensions=()):
        return certificate(x509.Name([]), key, self, ends, extensions)


def certificate(subject, key, signer, ends, extensions, starts=-20 * 365 * DAY):
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.name)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + starts)
        .not_valid_after(NOW + ends)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


class Tpm:
    """A TPM's endorsement key with a manufacturer's certificate, as tpm_info returns it."""

    def __init__(
        self,
        maker=None,
        purposes=(EK_PURPOSE,),
        ends=365 * DAY,
        kind="rsa2048",
        attributes=EK_ATTRIBUTES,
        policy=EK_POLICY,
    ):
        self.private = (
            rsa.generate_private_key(65537, 2048) if kind == "rsa2048" else ec.generate_private_key(ec.SECP256R1())
        )
        self.public = tpm_public.parse_area(area(self.private, attributes, True, policy))
        extensions = [(x509.ExtendedKeyUsage(list(purposes)), False)] if purposes else []
        self.certificate = maker.issue(self.private.public_key(), ends, extensions) if maker else None

    @property
    def sha256(self):
        return hashlib.sha256(self.public.spki).hexdigest()

    def shows(self, **changes):
        shown = {
            "type": self.public.kind,
            "public": encoded(self.public.area),
            "certificate": self.certificate,
            "issuers": [],
        }
        return [{**shown, **changes}]


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
