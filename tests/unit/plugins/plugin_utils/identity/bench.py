# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts, TPMs and manufacturers bring, made in software: keys with public areas, requests, endorsement keys."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import subprocess

from ansible_collections.edgesite.gpu.plugins.module_utils.identity import csr
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import der
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import public as tpm_public
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
DAY = datetime.timedelta(days=1)
EK_PURPOSE = x509.ObjectIdentifier("2.23.133.8.1")
# PolicySecret(endorsement), by which endorsement keys are used
EK_POLICY = bytes.fromhex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa")
# As openssl genpkey takes them, after -algorithm
EC_256, EC_224 = (("EC", "-pkeyopt", "ec_paramgen_curve:P-{0}".format(bits)) for bits in (256, 224))
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


def private_key(kind):
    if kind == "ecc_p256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, int(kind[3:]))


class DeviceKey:
    """A key of a host: in its TPM, if one believes the attributes."""

    def __init__(self, attributes=tpm_public.DEVICE_KEY, kind="ecc_p256"):
        self.private = private_key(kind)
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

    def revocations(self, ends=30 * DAY):
        """A list of nothing, in PEM."""
        builder = x509.CertificateRevocationListBuilder(self.name, NOW - 60 * DAY, NOW + ends)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()

    def private(self, passphrase=None):
        """Its key in PEM, encrypted where there is a passphrase."""
        how = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how).decode()


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


def issued(key, signer, wanted=WANTED, begins=-1 * DAY, ends=60 * DAY, usages=None):
    """What a CA makes of a request. usages: in place of those that were asked for."""
    like = x509.load_pem_x509_csr(key.request(wanted).encode())
    asked = [(one.value, one.critical) for one in like.extensions]
    if usages is not None:
        asked = [one for one in asked if isinstance(one[0], x509.SubjectAlternativeName)] + [
            (one, True) for one in usages
        ]
    return certificate(like.subject, key.private.public_key(), signer, ends, asked, begins)


def key_usage(*names):
    """The extension, by the names that the library has for its flags."""
    flags = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    flags += ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{flag: flag in names for flag in flags})


class LooseAuthority:
    """A CA whose certificates are not DER to the last bit: one relative name of several attributes in any order, and
    defaults that are written out."""

    FALSE = der.boolean(False)

    def __init__(self, attributes):
        self.key = ec.generate_private_key(ec.SECP256R1())
        one = b"".join(der.sequence(der.oid(dotted), der.text(value)) for dotted, value in attributes)
        self.name = der.sequence(der.tlv(der.SET, one))
        authority = der.sequence(der.oid("2.5.29.19"), der.boolean(True), der.octets(der.sequence(der.boolean(True))))
        self.pem = self._signed(self.name, self.key.public_key(), [authority])

    def issue(self, key, _ends=None, _extensions=()):
        purposes = der.sequence(der.oid("2.5.29.37"), der.octets(der.sequence(der.oid(EK_PURPOSE.dotted_string))))
        leaf = der.sequence(der.oid("2.5.29.19"), self.FALSE, der.octets(der.sequence(self.FALSE)))
        version = der.sequence(der.oid("2.23.133.2.16"), der.set_of(der.sequence(der.text("2.0"))))
        attributes = der.sequence(der.oid("2.5.29.9"), self.FALSE, der.octets(der.sequence(version)))
        return self._signed(der.sequence(), key, [purposes, leaf, attributes])

    def _signed(self, subject, key, extensions):
        algorithm = der.sequence(der.oid("1.2.840.10045.4.3.2"))
        validity = der.sequence(*(der.tlv(0x17, b"%02d0101000000Z" % year) for year in (20, 49)))
        public = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        fields = [der.explicit(0, der.integer(2)), der.integer(4711), algorithm, self.name, validity, subject, public]
        signed = der.sequence(*fields, der.explicit(3, der.sequence(*extensions)))
        signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return der.pem("CERTIFICATE", der.sequence(signed, algorithm, der.bits(signature)))


class OpensslAuthority:
    """A CA that openssl makes, also with hashes and keys that cryptography refuses to work with.

    key: as openssl genpkey takes it, after -algorithm. digest: what its own certificate is signed with.
    """

    CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"

    def __init__(self, folder, name, key=("RSA", "-pkeyopt", "rsa_keygen_bits:2048"), above=None, digest="sha256"):
        self.folder, self.name, self.digest = folder, name, digest
        self.key, self.certificate = folder / (name + ".key"), folder / (name + ".pem")
        openssl("genpkey", "-quiet", "-out", self.key, "-algorithm", *key)
        public = openssl("pkey", "-in", self.key, "-pubout")
        signer = above or self
        own = ["-key", self.key] if signer is self else []
        self.pem = signer.sign(public, "/CN=" + name, self.CA, digest, own)
        self.certificate.write_text(self.pem)

    def issue(self, key, _ends=None, _extensions=(), extensions="extendedKeyUsage=2.23.133.8.1\n", digest="sha256"):
        public = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        return self.sign(public, "/", extensions, digest)

    def sign(self, public, subject, extensions, digest, own=()):
        (self.folder / "public.pem").write_text(public)
        (self.folder / "extensions").write_text(extensions)
        named = ["-subj", subject, "-days", "100", "-" + digest, "-extfile", self.folder / "extensions"]
        keys = own or ["-force_pubkey", self.folder / "public.pem", "-CA", self.certificate, "-CAkey", self.key]
        return openssl("x509", "-new", *named, *keys)


def marked_for_oaep(written, signer, digest="sha256"):
    """A certificate, PEM, with its RSA key marked for OAEP, signed by an authority that openssl made."""
    signed, algorithm, _signature = der.elements(der.only(der.SEQUENCE, der.unpem("CERTIFICATE", written)))
    plain, marked = (der.oid("1.2.840.113549.1.1.%d" % number) + der.tlv(0x05, b"") for number in (1, 7))
    assert signed[1].count(plain) == 1
    altered = der.tlv(der.SEQUENCE, signed[1].replace(plain, marked))
    (signer.folder / "signed").write_bytes(altered)
    options = ["-" + digest, "-sign", signer.key, "-out", signer.folder / "signature", signer.folder / "signed"]
    openssl("dgst", *options)
    signature = der.bits((signer.folder / "signature").read_bytes())
    return der.pem("CERTIFICATE", der.sequence(altered, der.tlv(*algorithm), signature))


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=True).stdout


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
        self.private = private_key(kind)
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
