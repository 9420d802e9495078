# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fingerprints of OpenPGP keys (RFC 9580), so that a key can be checked where no gpg is installed."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Iterator, List, Tuple

from ..common.errors import EdgesiteError

_BEGIN = b"-----BEGIN PGP PUBLIC KEY BLOCK-----"
_END = b"-----END PGP PUBLIC KEY BLOCK-----"
_PUBLIC_KEY = 6


def is_armored(key: bytes) -> bool:
    """Whether the key is text."""
    return _BEGIN in key


def fingerprints(key: bytes) -> List[str]:
    """Those of the primary keys in a key file, in upper case hex."""
    found = []
    try:
        for tag, body in _packets(binary(key)):
            if tag == _PUBLIC_KEY:
                found.append(_fingerprint(body))
    except (IndexError, binascii.Error) as error:
        raise EdgesiteError("it is not an OpenPGP public key ({0})".format(error or "it is truncated")) from error
    if not found:
        raise EdgesiteError("it holds no OpenPGP public key")
    return found


def decoded(text: str) -> bytes:
    """A key file that came as base64. Raises EdgesiteError."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError as error:
        raise EdgesiteError("it is not Base64") from error


def armored(key: bytes) -> str:
    """A binary key as text, which both apt and rpm take."""
    body = base64.encodebytes(key).decode("ascii")
    return "{0}\n\n{1}{2}\n".format(_BEGIN.decode("ascii"), body, _END.decode("ascii"))


def normal(fingerprint: str) -> str:
    """A fingerprint as people write it, with blanks or in lower case."""
    return "".join(fingerprint.split()).upper()


def binary(key: bytes) -> bytes:
    """The packets of a key file, whichever form it has."""
    if not is_armored(key):
        return key
    found = b""
    for block in key.split(_BEGIN)[1:]:
        lines = [line.strip() for line in block.split(_END)[0].splitlines()[1:]]
        # headers end at the first empty line; the last line is a checksum
        body = lines[lines.index(b"") + 1 :] if b"" in lines else lines
        found += base64.b64decode(b"".join(line for line in body if not line.startswith(b"=")), validate=True)
    return found


def _packets(data: bytes) -> Iterator[Tuple[int, bytes]]:
    place = 0
    while place < len(data):
        head = data[place]
        if not head & 0x80:
            raise EdgesiteError("it is not an OpenPGP public key")
        if head & 0x40:
            tag = head & 0x3F
            place, length = _new_length(data, place + 1)
        else:
            tag = (head >> 2) & 0x0F
            size = 1 << (head & 3)
            if size == 8:
                raise EdgesiteError("it is not an OpenPGP public key")
            length = int.from_bytes(_part(data, place + 1, size), "big")
            place += 1 + size
        yield tag, _part(data, place, length)
        place += length


def _new_length(data: bytes, place: int) -> Tuple[int, int]:
    first = data[place]
    if first < 192:
        return place + 1, first
    if first < 224:
        return place + 2, ((first - 192) << 8) + data[place + 1] + 192
    if first == 255:
        return place + 5, int.from_bytes(_part(data, place + 1, 4), "big")
    raise EdgesiteError("it is not an OpenPGP public key")


def _part(data: bytes, place: int, length: int) -> bytes:
    part = data[place : place + length]
    if len(part) != length:
        raise IndexError("it is truncated")
    return part


def _fingerprint(body: bytes) -> str:
    if body[0] == 4:
        return hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body).hexdigest().upper()
    if body[0] == 6:
        return hashlib.sha256(b"\x9b" + len(body).to_bytes(4, "big") + body).hexdigest().upper()
    raise EdgesiteError("it is a key of version {0}; only versions 4 and 6 are supported".format(body[0]))
