# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The header of a LUKS2 volume, read from its first bytes, so that a look at a volume takes no program."""

from __future__ import annotations

import json
import struct
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..common.errors import EdgesiteError
from ..common.lines import UUID

MAGIC = b"LUKS\xba\xbe"
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


class Header(NamedTuple):
    """What the header says. tpm: PCRs of each key slot that is sealed to a TPM. recovery: newest last."""

    uuid: str
    subsystem: str
    cipher: str
    slots: Tuple[int, ...]
    tpm: Tuple[Tuple[int, ...], ...]
    recovery: Tuple[Recovery, ...]


def parse(start: bytes, device: str) -> Optional[Header]:
    """The header in the first bytes of a volume; None where they are not LUKS2's."""
    if not start.startswith(MAGIC):
        return None
    try:
        magic, version, size, sequence, label, checksum, salt, uuid, subsystem = _BINARY.unpack_from(start)
        if version != 2:
            return None
        content = json.loads(start[_JSON_AT:size].split(b"\0", 1)[0].decode("utf-8"))
        # it goes into /etc/crypttab, and whoever could write to the device may have put anything there
        if not UUID.pattern.fullmatch(_text(uuid)):
            raise ValueError("{0!r} is not a UUID".format(_text(uuid)))
        cipher = str(content["segments"]["0"]["encryption"])
        slots = tuple(sorted(int(slot) for slot in content["keyslots"]))
        tokens = sorted((int(number), token) for number, token in content["tokens"].items())
        tpm = tuple(_pcrs(token) for number, token in tokens if token["type"] == TPM_TOKEN and token["keyslots"])
        recovery = [_recovery(number, token) for number, token in tokens if token["type"] == RECOVERY_TOKEN]
    except (ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise EdgesiteError(
            "The LUKS2 header of {0} cannot be read: {1!r}".format(device, error),
            "Run 'cryptsetup repair {0}' on the host to see what it says; nothing was changed".format(device),
        ) from error
    return Header(
        _text(uuid),
        _text(subsystem),
        cipher,
        slots,
        tpm,
        tuple(sorted((entry for entry in recovery if entry.slot in slots), key=lambda entry: entry.number)),
    )


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("ascii", "replace")


def _pcrs(token: Dict[str, Any]) -> Tuple[int, ...]:
    return tuple(sorted(int(pcr) for pcr in token["tpm2-pcrs"]))


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
