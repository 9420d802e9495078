# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder that holds a host's identity.

Two slots, each with a key and its certificate, and a link to the one in use: a new key gets its certificate in the
other slot, and services see the old pair or the new one, never half of each.
"""

from __future__ import annotations

import base64
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Union

from ..common import effects, lines
from ..common.effects import Link, WriteFile
from ..common.errors import EdgesiteError
from ..tpm import der, endorsement, tss2_pem
from ..tpm import public as tpm_public

SLOTS = ("a", "b")
LINK = "current"
KEY, CERTIFICATE, CHAIN, FULL_CHAIN = "key.pem", "cert.pem", "chain.pem", "fullchain.pem"
TRUST, CRL = "trust.pem", "crl.pem"


def in_slot(slot: str, name: str) -> str:
    """The path of a slot's file, below the folder."""
    return "{0}/{1}".format(slot, name)


# All but the keys, which edgesite.gpu.tpm_key looks after, are for everybody to read.
FILES = (TRUST, CRL) + tuple(in_slot(slot, name) for slot in SLOTS for name in (CERTIFICATE, CHAIN, FULL_CHAIN))


def folder(option: str, path: str) -> str:
    """The folder, as users name it: every reader, services among them, has to take its path."""
    return lines.checked(option, path, lines.FOLDER).rstrip("/")


class State(NamedTuple):
    """files: their content by path below the folder; None for one that is missing. keys: that of the slots' keys."""

    files: Dict[str, Optional[str]]
    keys: Dict[str, str]
    active: Optional[str]


class Wanted(NamedTuple):
    """trust, crl: None leaves them. certificate and chain are for slot, which is then the active one."""

    trust: Optional[str] = None
    crl: Optional[str] = None
    slot: Optional[str] = None
    certificate: Optional[str] = None
    chain: str = ""


Action = Union[WriteFile, Link]


def plan(wanted: Wanted, state: State) -> List[Action]:
    """Writes what differs, and last of all turns to the slot. Paths are below the folder."""
    content: Dict[str, Optional[str]] = {TRUST: _lines(wanted.trust), CRL: _lines(wanted.crl)}
    slot = wanted.slot if wanted.slot is not None else state.active
    if wanted.slot is not None:
        if wanted.certificate is None:
            raise EdgesiteError("slot is given, but no certificate", "Set both or neither")
        _check_key(wanted.slot, wanted.certificate, state)
        content[in_slot(wanted.slot, CHAIN)] = _lines(wanted.chain)
    if slot is not None:
        certificate = _lines(wanted.certificate) or state.files[in_slot(slot, CERTIFICATE)]
        chain = content.get(in_slot(slot, CHAIN), state.files[in_slot(slot, CHAIN)])
        if certificate:
            content[in_slot(slot, FULL_CHAIN)] = certificate + (chain or "")
            # Last, since this is the one that says whether all is done.
            content[in_slot(slot, CERTIFICATE)] = certificate
    given = {path: text for path, text in content.items() if text is not None}
    turned: Dict[str, Optional[str]] = {} if wanted.slot is None else {LINK: wanted.slot}
    return [*effects.writes(given, state.files), *effects.links(turned, {LINK: state.active})]


def _check_key(slot: str, certificate: str, state: State) -> None:
    path = in_slot(slot, KEY)
    if slot not in state.keys:
        raise EdgesiteError(
            "Slot {0} has no {1} that the certificate could be for".format(slot, KEY),
            "Create the key first, with edgesite.gpu.tpm_key",
        )
    try:
        public = tpm_public.parse(tss2_pem.decode(state.keys[slot], path).public)
        same = endorsement.certified(der.unpem("CERTIFICATE", certificate), public)
    except ValueError as error:
        raise EdgesiteError(
            "The certificate or {0} cannot be read: {1}".format(path, error),
            "Create a new key with -e identity_rotate=true",
        ) from error
    if not same:
        raise EdgesiteError(
            "The certificate is not for the key in slot {0}".format(slot),
            "Run again: another run may have created a new key in the meantime",
        )


def public_key(key: Optional[str]) -> Optional[str]:
    """The public part of a slot's key as the TPM gave it out, in base64; None where it cannot be read."""
    try:
        return None if key is None else base64.b64encode(tss2_pem.decode(key, KEY).public).decode("ascii")
    except EdgesiteError:
        return None


def _lines(text: Optional[str]) -> Optional[str]:
    """Templates take the last line's end away, and the next certificate must not begin on that line."""
    return text.rstrip("\n") + "\n" if text else text


def after(state: State, actions: Sequence[Action]) -> State:
    """The state that the actions lead to."""
    return state._replace(
        files=effects.files_after(state.files, actions), active=effects.links_after({LINK: state.active}, actions)[LINK]
    )


def describe(action: Action) -> str:
    """The action for people."""
    if isinstance(action, Link):
        return "use the key and certificate in slot {0}".format(action.target)
    return effects.describe(action)


def disruption(action: Action) -> Dict[str, Any]:
    """What the action interrupts. Services go on with the pair that they have loaded."""
    return effects.disruption(action)
