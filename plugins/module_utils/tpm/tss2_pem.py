# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of a key that only its TPM can use: TSS2 PRIVATE KEY, as OpenSSL's provider and engine for TPMs read it.

ASN.1 specification for TPM 2.0 key files, https://www.hansenpartnership.com/draft-bottomley-tpm2-keys.html
"""

from __future__ import annotations

from typing import NamedTuple

from ..common.errors import EdgesiteError
from . import der

_LABEL = "TSS2 PRIVATE KEY"
_LOADABLE = "2.23.133.10.1.3"
_CREATE = "Use the path of a key that edgesite.gpu.tpm_key created, or let it create one"


class KeyFile(NamedTuple):
    """public, private: as the TPM gave them out, each with its size before it. parent: the handle of the key above."""

    public: bytes
    private: bytes
    parent: int


def encode(key: KeyFile) -> str:
    """The file. Says that the key has no password, else programs would ask for one."""
    return der.pem(
        _LABEL,
        der.sequence(
            der.oid(_LOADABLE),
            der.explicit(0, der.boolean(True)),
            der.integer(key.parent),
            der.octets(key.public),
            der.octets(key.private),
        ),
    )


def decode(written: str, path: str) -> KeyFile:
    """The key in a file; path is for messages."""
    try:
        found = der.elements(der.only(der.SEQUENCE, der.unpem(_LABEL, written)))
        # Elements with context tags say what these keys do not have: policies, secrets of an import, passwords.
        plain = [(tag, content) for tag, content in found if tag < 0xA0]
        if [tag for tag, _content in plain] != [der.OID, der.INTEGER, der.OCTET_STRING, der.OCTET_STRING]:
            raise der.NotDer("its elements are not those of a key")
        if der.tlv(*plain[0]) != der.oid(_LOADABLE):
            raise der.NotDer("it is not a loadable key")
        parent, public, private = (content for _tag, content in plain[1:])
        return KeyFile(public, private, int.from_bytes(parent, "big"))
    except der.NotDer as error:
        raise EdgesiteError("{0} is not a TPM key: {1}".format(path, error), _CREATE) from error
