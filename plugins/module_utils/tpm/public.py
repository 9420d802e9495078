# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TPM object's public area: TPM 2.0 Library, Part 2: Structures, 12.2.4 (TPMT_PUBLIC)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Dict, FrozenSet, Mapping, NamedTuple, Optional, Tuple, TypeVar

from . import der

RSA, ECC = "rsa", "ecc"
# In the order of the bits that follow; TPMA_OBJECT, Part 2, 8.3
ATTRIBUTES = {
    1: "fixedtpm",
    2: "stclear",
    4: "fixedparent",
    5: "sensitivedataorigin",
    6: "userwithauth",
    7: "adminwithpolicy",
    10: "noda",
    11: "encryptedduplication",
    16: "restricted",
    17: "decrypt",
    18: "sign",
}
# What a device's key has to be: made in its TPM, never to leave it, and good for signatures of anything.
DEVICE_KEY = frozenset(("fixedtpm", "fixedparent", "sensitivedataorigin", "userwithauth", "noda", "sign"))

_TYPES = {0x0001: RSA, 0x0023: ECC}
_HASHES = {0x0004: "sha1", 0x000B: "sha256", 0x000C: "sha384", 0x000D: "sha512"}
_CURVES = {
    0x0003: ("P-256", "1.2.840.10045.3.1.7"),
    0x0004: ("P-384", "1.3.132.0.34"),
    0x0005: ("P-521", "1.3.132.0.35"),
}
_NULL = 0x0010
_AES = 0x0006
_CFB = 0x0043
_SCHEMES: Dict[int, Optional[str]] = {
    0x0014: "rsassa",
    0x0015: "rsaes",
    0x0016: "rsapss",
    0x0017: "oaep",
    0x0018: "ecdsa",
    _NULL: None,
}
_DEFAULT_EXPONENT = 65537

Name = TypeVar("Name")


class NotPublic(ValueError):
    """The bytes are no public area, or one of a kind that no device has any use for here."""


@dataclass(frozen=True)
class Public:
    """A key's public area. area is the whole of it, as the TPM hashes it for the name.

    scheme: what it signs or decrypts by, and with which hash; None for any. aes_bits: the size of the AES key in CFB
    mode by which it protects others, for storage and endorsement keys. policy: the hash of what has to be shown to use
    it. modulus, exponent: of an RSA key. curve, point: of an ECC key.
    """

    area: bytes
    type: str
    name_hash: str
    attributes: FrozenSet[str]
    policy: bytes
    scheme: Tuple[Optional[str], Optional[str]]
    aes_bits: Optional[int]
    modulus: int = 0
    exponent: int = 0
    curve: str = ""
    point: Tuple[int, int] = (0, 0)

    @property
    def name(self) -> bytes:
        """The TPM's own name of the object: the hash algorithm and the hash of the public area."""
        algorithm = next(number for number, name in _HASHES.items() if name == self.name_hash)
        return algorithm.to_bytes(2, "big") + hashlib.new(self.name_hash, self.area).digest()

    @property
    def kind(self) -> str:
        """ecc_p256, rsa2048 and the like."""
        if self.type == RSA:
            return "rsa{0}".format(self.modulus.bit_length())
        return "ecc_" + self.curve.lower().replace("-", "")

    @property
    def tpm2b(self) -> bytes:
        """The area with its size before it, as files of tpm2-tools have it."""
        return len(self.area).to_bytes(2, "big") + self.area

    @property
    def spki(self) -> bytes:
        """The key as SubjectPublicKeyInfo (RFC 5280, 4.1.2.7), DER."""
        if self.type == RSA:
            algorithm = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.tlv(0x05, b""))
            return der.sequence(
                algorithm, der.bits(der.sequence(der.integer(self.modulus), der.integer(self.exponent)))
            )
        size, dotted = _curve(self.curve)
        point = b"\x04" + b"".join(number.to_bytes(size, "big") for number in self.point)
        return der.sequence(der.sequence(der.oid("1.2.840.10045.2.1"), der.oid(dotted)), der.bits(point))


def parse(data: bytes) -> Public:
    """A TPM2B_PUBLIC, as tpm2-tools write it."""
    area, rest = _sized(data)
    if rest:
        raise NotPublic("{0} bytes too many".format(len(rest)))
    return parse_area(area)


def parse_area(area: bytes) -> Public:
    """A TPMT_PUBLIC."""
    reader = _Reader(area)
    kind = reader.known("type of key", _TYPES)
    name_hash = reader.known("hash", _HASHES)
    bits = reader.number(4)
    unknown = bits & ~sum(1 << bit for bit in ATTRIBUTES)
    if unknown:
        raise NotPublic("unknown attributes: {0:#x}".format(unknown))
    attributes = frozenset(name for bit, name in ATTRIBUTES.items() if bits >> bit & 1)
    common = _Common(area, kind, name_hash, attributes, reader.sized(), reader.symmetric())
    public = _rsa(common, reader) if kind == RSA else _ecc(common, reader)
    reader.end()
    return public


class _Common(NamedTuple):
    area: bytes
    type: str
    name_hash: str
    attributes: FrozenSet[str]
    policy: bytes
    aes_bits: Optional[int]


def _rsa(common: _Common, reader: _Reader) -> Public:
    scheme = reader.scheme()
    bits = reader.number(2)
    exponent = reader.number(4) or _DEFAULT_EXPONENT
    modulus = int.from_bytes(reader.sized(), "big")
    if modulus.bit_length() != bits:
        raise NotPublic("an RSA key of {0} bits that says it has {1}".format(modulus.bit_length(), bits))
    return Public(scheme=scheme, modulus=modulus, exponent=exponent, **common._asdict())


def _ecc(common: _Common, reader: _Reader) -> Public:
    scheme = reader.scheme()
    curve, _dotted = reader.known("curve", _CURVES)
    if reader.number(2) != _NULL:
        raise NotPublic("a key derivation scheme, which nothing here uses")
    point = (int.from_bytes(reader.sized(), "big"), int.from_bytes(reader.sized(), "big"))
    size, _dotted = _curve(curve)
    if max(point).bit_length() > 8 * size:
        raise NotPublic("a point that is too large for {0}".format(curve))
    return Public(scheme=scheme, curve=curve, point=point, **common._asdict())


def _curve(name: str) -> Tuple[int, str]:
    """The size of a coordinate in bytes, and the OID."""
    dotted = next(dotted for known, dotted in _CURVES.values() if known == name)
    return (int(name[2:]) + 7) // 8, dotted


def _sized(data: bytes) -> Tuple[bytes, bytes]:
    size = int.from_bytes(data[:2], "big")
    if len(data) < 2 + size or len(data) < 2:
        raise NotPublic("it is truncated")
    return data[2 : 2 + size], data[2 + size :]


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def number(self, size: int) -> int:
        if len(self.data) < size:
            raise NotPublic("it is truncated")
        found, self.data = self.data[:size], self.data[size:]
        return int.from_bytes(found, "big")

    def sized(self) -> bytes:
        found, self.data = _sized(self.data)
        return found

    def known(self, what: str, names: Mapping[int, Name]) -> Name:
        number = self.number(2)
        if number not in names:
            raise NotPublic("an unknown {0}: {1:#06x}".format(what, number))
        return names[number]

    def scheme(self) -> Tuple[Optional[str], Optional[str]]:
        name = self.known("scheme", _SCHEMES)
        return name, (self.known("hash", _HASHES) if name not in (None, "rsaes") else None)

    def symmetric(self) -> Optional[int]:
        algorithm = self.number(2)
        if algorithm == _NULL:
            return None
        bits, mode = self.number(2), self.number(2)
        if (algorithm, mode) != (_AES, _CFB):
            raise NotPublic("a symmetric cipher that is not AES in CFB mode")
        return bits

    def end(self) -> None:
        if self.data:
            raise NotPublic("{0} bytes too many".format(len(self.data)))
