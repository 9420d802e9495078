# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The few parts of ASN.1's distinguished encoding (X.690) that certificate requests and TPM key files are made of."""

from __future__ import annotations

import base64
import binascii
import textwrap
from typing import List, Sequence, Tuple

INTEGER = 0x02
BOOLEAN = 0x01
BIT_STRING = 0x03
OCTET_STRING = 0x04
OID = 0x06
UTF8_STRING = 0x0C
PRINTABLE_STRING = 0x13
SEQUENCE = 0x30
SET = 0x31


class NotDer(ValueError):
    """The bytes are not what was expected."""


def tlv(tag: int, content: bytes) -> bytes:
    """A tag, the length and the content."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*items: bytes) -> bytes:
    """A SEQUENCE of encoded items."""
    return tlv(SEQUENCE, b"".join(items))


def set_of(*items: bytes) -> bytes:
    """A SET OF encoded items, in the order that DER asks for."""
    return tlv(SET, b"".join(sorted(items)))


def integer(number: int) -> bytes:
    """A number from 0 on."""
    return tlv(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def boolean(value: bool) -> bytes:
    """TRUE or FALSE."""
    return tlv(BOOLEAN, b"\xff" if value else b"\x00")


def octets(content: bytes) -> bytes:
    """An OCTET STRING."""
    return tlv(OCTET_STRING, content)


def bits(content: bytes) -> bytes:
    """A BIT STRING of whole bytes."""
    return tlv(BIT_STRING, b"\x00" + content)


def named_bits(numbers: List[int]) -> bytes:
    """A BIT STRING of flags by their numbers, without the zeros after the last one."""
    length = max(numbers) + 1 if numbers else 0
    unused = -length % 8
    value = sum(1 << (length - 1 - number) for number in set(numbers)) << unused
    return tlv(BIT_STRING, bytes([unused]) + value.to_bytes((length + 7) // 8, "big"))


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    first, second, *rest = (int(part) for part in dotted.split("."))
    content = b""
    for number in [40 * first + second] + rest:
        groups = [number & 0x7F]
        while number > 0x7F:
            number >>= 7
            groups.append(0x80 | number & 0x7F)
        content += bytes(reversed(groups))
    return tlv(OID, content)


def text(value: str) -> bytes:
    """A UTF8String."""
    return tlv(UTF8_STRING, value.encode("utf-8"))


def explicit(number: int, content: bytes) -> bytes:
    """A constructed element with a context tag."""
    return tlv(0xA0 | number, content)


def split(data: bytes) -> Tuple[int, bytes, bytes]:
    """The first element's tag and content, and what follows it."""
    if len(data) < 2:
        raise NotDer("it is truncated")
    tag, size, start = data[0], data[1], 2
    if size >= 0x80:
        start += size & 0x7F
        size = int.from_bytes(data[2:start], "big")
    if tag & 0x1F == 0x1F or start == 2 and size >= 0x80 or start > 6 or start + size > len(data):
        raise NotDer("it is truncated, or not in DER form")
    return tag, data[start : start + size], data[start + size :]


def elements(data: bytes) -> List[Tuple[int, bytes]]:
    """The elements one after another, as pairs of tag and content."""
    found = []
    while data:
        tag, content, data = split(data)
        found.append((tag, content))
    return found


def only(tag: int, data: bytes) -> bytes:
    """The content of data, which has to be one element with this tag."""
    found, content, rest = split(data)
    if found != tag or rest:
        raise NotDer("element {0:#x} where {1:#x} is expected".format(found, tag))
    return content


def pem(label: str, content: bytes) -> str:
    """The content as PEM."""
    lines = textwrap.wrap(base64.b64encode(content).decode("ascii"), 64)
    return "\n".join(["-----BEGIN {0}-----".format(label), *lines, "-----END {0}-----".format(label), ""])


def unpem(label: str, written: str) -> bytes:
    """The content of the text's only PEM block, which has to have this label.

    Others take labels that mean the same, and the first of several blocks; here all see the same one.
    """
    blocks = _blocks(written)
    if [name for name, _body in blocks] != [label]:
        raise NotDer("it is not exactly one PEM block 'BEGIN {0}'".format(label))
    return _decoded(blocks[0][1])


def unpem_all(labels: Sequence[str], written: str) -> List[bytes]:
    """The contents of the PEM blocks with one of these labels; others are left out."""
    return [_decoded(body) for name, body in _blocks(written) if name in labels]


def _blocks(written: str) -> List[Tuple[str, str]]:
    """Labels and bodies. By hand, as a pattern takes very long for a text that begins blocks and ends none."""
    found = []
    for part in written.split("-----BEGIN")[1:]:
        name, _dashes, rest = part.partition("-----")
        body, end, _rest = rest.partition("-----END{0}-----".format(name))
        if not end or name[:1] != " ":
            raise NotDer("one of its PEM blocks has no matching END line")
        found.append((name[1:], body))
    return found


def _decoded(body: str) -> bytes:
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotDer("its PEM is damaged: {0}".format(error)) from error
