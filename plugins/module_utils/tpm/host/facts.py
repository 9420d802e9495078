# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tpm_info tells of a host's TPM. It never fails for what is not there."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import asdict
from typing import Any, Dict, List, Optional, Tuple

from ...common.errors import EdgesiteError
from ...common.host import command
from ...common.reading import unread
from .. import der, state
from .. import endorsement as endorsement_keys
from ..key import Place
from ..properties import index
from ..public import Public
from . import endorsement as tpm_endorsement
from . import key as tpm_key
from . import read as tpm
from .endorsement import Endorsement
from .patience import patient
from .tools import Tools

PARTS = ("properties", "handles", "endorsement", "keys")
_NOTHING: Dict[str, Any] = {
    "version": None,
    "manufacturer": None,
    "vendor_string": None,
    "firmware": None,
    "tcti": None,
    "lockout": None,
    "owner_auth_set": None,
    "endorsement_auth_set": None,
    "persistent_handles": None,
    "endorsement": None,
    "key_states": None,
}


def read(
    run: command.Run, tcti: Optional[str], gather: List[str], places: List[Place], root: str = "/"
) -> Tuple[Dict[str, Any], List[Dict[str, Any]]]:
    """The TPM, and what of it could not be read."""
    reading = tpm.read(patient(run), tcti, root, certificates="endorsement" in gather, option="tcti")
    found = dict(_NOTHING, present=reading.value is not None)
    if reading.value is None:
        return found, reading.unread
    certificates = reading.value.pop("ek_certificates")
    found.update(reading.value)
    # no answer, no tools, or a TPM 1.2
    if found["manufacturer"] is None and found["firmware"] is None:
        return found, reading.unread
    facts = _Facts(Tools(run, tcti, root), reading.unread)
    for part, what, look in (
        ("properties", "tpm.lockout", facts.standing),
        ("handles", "tpm.persistent_handles", facts.handles),
        ("endorsement", "tpm.endorsement", lambda: {"endorsement": facts.endorsement(certificates)}),
    ):
        try:
            found.update(look() if part in gather else {})
        except EdgesiteError as error:
            facts.unread.append(unread(what, error.problem, error.fix))
    if "keys" in gather:
        found["key_states"] = [facts.key(one) for one in places]
    return found, facts.unread


class _Facts:
    def __init__(self, tools: Tools, unread_yet: List[Dict[str, Any]]) -> None:
        self.tools = tools
        self.unread = unread_yet

    def standing(self) -> Dict[str, Any]:
        return asdict(state.parse(self.tools.ask("tpm2_getcap", "properties-variable").decode("utf-8", "replace")))

    def handles(self) -> Dict[str, Any]:
        return {"persistent_handles": [index(handle) for handle in self.tools.persistent()]}

    def endorsement(self, certificates: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
        """A key for each certificate, the other keys that the TPM keeps, and at least one."""
        kept = tpm_endorsement.kept(self.tools)
        issuers = self._issuers() if certificates else []
        found = []
        for certificate in certificates:
            encoded = der.unpem("CERTIFICATE", certificate["pem"])
            kind = endorsement_keys.kind(encoded)
            if kind is None:
                why = "it is for a key of an unknown type"
                self.unread.append(unread("tpm.endorsement." + certificate["handle"], why, "Use another certificate"))
                continue
            key = self._certified(encoded, kind, kept)
            found.append(
                dict(
                    _endorsement(key),
                    certificate=certificate["pem"],
                    certificate_handle=certificate["handle"],
                    certificate_matches=endorsement_keys.certified(encoded, key.public),
                    issuers=issuers,
                )
            )
        shown = [entry["handle"] for entry in found]
        found += [_endorsement(key) for key in kept if index(key.handle or 0) not in shown]
        return found or [_endorsement(self._made(endorsement_keys.DEFAULT))]

    def _certified(self, certificate: bytes, kind: str, kept: List[Endorsement]) -> Endorsement:
        """The key that a certificate is for, or where the TPM has it no longer, the one that it has instead."""
        match = next((key for key in kept if endorsement_keys.certified(certificate, key.public)), None)
        return match or self._made(kind)

    def _made(self, kind: str) -> Endorsement:
        with tpm_endorsement.made(self.tools, kind) as key:
            return Endorsement(None, key.public)

    def _issuers(self) -> List[str]:
        reading = tpm.read_indices(self.tools.run, self.tools.tcti, endorsement_keys.is_issuers)
        self.unread += reading.unread
        return endorsement_keys.certificates(b"".join(reading.value[handle] for handle in sorted(reading.value)))

    def key(self, place: Place) -> Dict[str, Any]:
        """A key and whether the TPM can use it."""
        shown: Dict[str, Any] = {"path": place.path, "handle": None if place.handle is None else index(place.handle)}
        try:
            with tpm_key.opened(self.tools, place.path, place.handle) as key:
                return dict(shown, usable=True, cause=None, reason=None, **_public(key.public))
        except EdgesiteError as error:
            cause = getattr(error, "cause", "tpm")
            return dict(shown, usable=False, cause=cause, reason=str(error), type=None, public=None, name=None)


def _endorsement(key: Endorsement) -> Dict[str, Any]:
    return {
        "handle": None if key.handle is None else index(key.handle),
        "sha256": hashlib.sha256(key.public.spki).hexdigest(),
        "certificate": None,
        "certificate_handle": None,
        "certificate_matches": None,
        "issuers": [],
        **_public(key.public),
    }


def _public(public: Public) -> Dict[str, Any]:
    return {
        "type": public.kind,
        "public": base64.b64encode(public.tpm2b).decode("ascii"),
        "name": public.name.hex(),
    }
