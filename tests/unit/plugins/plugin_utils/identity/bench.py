# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts, TPMs and manufacturers bring, made in software: keys with public areas, requests, endorsement keys."""

from __future__ import annotations

import base64
import datetime

from ansible_collections.edgesite.gpu.plugins.module_utils.core import csr, tpm_public
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
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

    def shows(self, **changes):
        shown = {
            "type": self.public.kind,
            "public": encoded(self.public.area),
            "certificate": self.certificate,
            "issuers": [],
        }
        return [{**shown, **changes}]
