# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The header of a LUKS2 volume, read from its first bytes, so that a look at a volume takes no program."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..common.errors import EdgesiteError, shown
from ..common.lines import UUID

MAGIC = b"LUKS\xba\xbe"
# In the header's subsystem. A volume is marked EMPTY from its making until its file system is made: it holds nothing.
OURS, EMPTY = "edgesite.gpu", "edgesite.gpu empty"
TPM_TOKEN = "systemd-tpm2"
RECOVERY_TOKEN = "edgesite-recovery"
# magic, version, size with JSON, sequence, label, checksum algorithm, salt, UUID, subsystem
_BINARY = struct.Struct(">6sHQQ48s32s64s40s48s")
_JSON_AT = 4096
# What luksFormat takes at the start of a device: both headers and the key slots
AREA = 16 << 20


class Recovery(NamedTuple):
    """The token that holds a recovery key, encrypted to the operators' certificate.

    certificate: SHA-256 of the certificate. number: grows with each key. cms: PEM.
    """

    token: int
    slot: int
    certificate: str
    number: int
    cms: str


class Seal(NamedTuple):
    """What opens a key slot beside the TPM that it is sealed to.

    pcrs: PCRs that have the values of the day when it was sealed. signed: PCRs whose values are signed, with key, the
    SHA-256 of a public key. pcrlock: systemd-pcrlock's policy. pin: what somebody types.
    """

    pcrs: Tuple[int, ...] = ()
    signed: Tuple[int, ...] = ()
    key: str = ""
    pcrlock: bool = False
    pin: bool = False


class Header(NamedTuple):
    """What the header says; of somebody else's volume the first two only.

    tpm: of each key slot that is sealed to a TPM. sealed: its token and its number. recovery: newest last.
    """

    uuid: str
    subsystem: str
    cipher: str = ""
    slots: Tuple[int, ...] = ()
    tpm: Tuple[Seal, ...] = ()
    recovery: Tuple[Recovery, ...] = ()
    sealed: Tuple[Tuple[int, int], ...] = ()


def parse(start: bytes, device: str) -> Optional[Header]:
    """The header in the first bytes of a volume; None where they are not LUKS2's.

    Other programs write headers of many kinds. Of those nothing is needed but whose they are.
    """
    if not start.startswith(MAGIC) or len(start) < _BINARY.size:
        return None
    magic, version, size, sequence, label, checksum, salt, uuid, subsystem = _BINARY.unpack_from(start)
    if version != 2:
        return None
    header = Header(_text(uuid), _text(subsystem))
    if header.subsystem not in (OURS, EMPTY):
        return header
    try:
        return _ours(header, json.loads(start[_JSON_AT:size].split(b"\0", 1)[0].decode("utf-8")), device)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EdgesiteError(
            "The LUKS2 header of {0} cannot be read: {1!r}".format(device, error),
            "Run 'cryptsetup repair {0}' on the host to see what it says; nothing was changed".format(device),
        ) from error


def _ours(header: Header, content: Dict[str, Any], device: str) -> Header:
    # it goes into /etc/crypttab, and whoever could write to the device may have put anything there
    if not UUID.pattern.fullmatch(header.uuid):
        raise ValueError("{0!r} is not a UUID".format(header.uuid))
    slots = tuple(sorted(int(slot) for slot in content["keyslots"]))
    tokens = sorted(((int(number), token) for number, token in content["tokens"].items()), key=lambda one: one[0])
    recovery = [_recovery(number, token) for number, token in tokens if token["type"] == RECOVERY_TOKEN]
    sealed = [(number, token) for number, token in tokens if token["type"] == TPM_TOKEN and token["keyslots"]]
    return header._replace(
        cipher=_cipher(content, device),
        slots=slots,
        tpm=tuple(_seal(token) for number, token in sealed),
        sealed=tuple((number, int(token["keyslots"][0])) for number, token in sealed),
        recovery=tuple(sorted((entry for entry in recovery if entry.slot in slots), key=lambda entry: entry.number)),
    )


def _cipher(content: Dict[str, Any], device: str) -> str:
    """What all data is encrypted with. cryptsetup has more than one segment only while it encrypts a volume anew."""
    if len(content["segments"]) > 1:
        raise EdgesiteError(
            "{0} is being re-encrypted".format(device),
            "Run 'cryptsetup reencrypt --resume-only {0}' on the host, and then the playbook again".format(device),
        )
    (segment,) = content["segments"].values()
    if segment["type"] != "crypt":
        raise EdgesiteError(
            "{0} is marked as a volume of edgesite.gpu, but its data is of the type {1}, and not crypt".format(
                device, shown(segment["type"])
            ),
            "Set device in storage_volumes to another one; 'cryptsetup luksDump {0}' on the host shows it".format(
                device
            ),
        )
    return str(segment["encryption"])


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("ascii", "replace")


def _seal(token: Dict[str, Any]) -> Seal:
    """What systemd wrote, which leaves out what it did not use."""
    key = token.get("tpm2_pubkey")
    return Seal(
        _numbers(token["tpm2-pcrs"]),
        _numbers(token.get("tpm2_pubkey_pcrs", [])),
        digest(base64.b64decode(key)) if key else "",
        bool(token.get("tpm2_pcrlock")),
        bool(token.get("tpm2-pin")),
    )


def _numbers(pcrs: List[Any]) -> Tuple[int, ...]:
    return tuple(sorted(int(pcr) for pcr in pcrs))


def digest(public_key: bytes) -> str:
    """Tells public keys apart, in the form in which systemd reads and stores them, which is PEM."""
    return hashlib.sha256(public_key).hexdigest()


def _recovery(number: int, token: Dict[str, Any]) -> Recovery:
    slot = int(token["keyslots"][0]) if token["keyslots"] else -1
    return Recovery(number, slot, str(token["certificate_sha256"]), int(token["number"]), str(token["cms"]))


def recovery_token(slot: int, certificate: str, number: int, cms: str) -> str:
    """The JSON of the token that holds an encrypted recovery key."""
    token: Dict[str, Any] = {
        "type": RECOVERY_TOKEN,
        "keyslots": [str(slot)],
        "certificate_sha256": certificate,
        "number": number,
        "cms": cms,
    }
    return json.dumps(token, sort_keys=True)


def new_slot(before: Header, after: Header) -> int:
    """The key slot that was added between two looks."""
    added: List[int] = [slot for slot in after.slots if slot not in before.slots]
    if len(added) != 1:
        raise EdgesiteError(
            "{0} key slots were added to a volume instead of one".format(len(added)),
            "Run the playbook again; if that happens again, 'cryptsetup luksDump' on the host shows the key slots",
        )
    return added[0]
