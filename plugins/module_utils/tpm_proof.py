# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host does with its TPM key to get a certificate: asks for it, and shows that the key is in its TPM."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any, Dict, NamedTuple

from .backends import tpm_endorsement, tpm_key
from .backends.tpm2 import Tools
from .core import csr, tpm_challenge
from .core.errors import EdgesiteError
from .core.tpm_key import Place


class Challenge(NamedTuple):
    """What the controller asks. endorsement: type of the key that it was made for; credential: Base64; csr: PEM."""

    endorsement: str
    credential: str
    id: str
    csr: str


def request(tools: Tools, place: Place, wanted: csr.Request) -> Dict[str, Any]:
    """A certificate request, signed by the key. Raises EdgesiteError."""
    with tpm_key.opened(tools, *place) as key:
        if "sign" not in key.public.attributes or "restricted" in key.public.attributes:
            raise EdgesiteError(
                "{0} is a key that does not sign requests".format(key.name), "Give one that tpm_key made"
            )
        signed = csr.to_be_signed(wanted, key.public)
        signature = tools.sign(key.name, key.public, hashlib.sha256(signed).digest())
        return {
            "csr": csr.pem(csr.assemble(signed, key.public, signature)),
            "public": base64.b64encode(key.public.tpm2b).decode("ascii"),
            "name": key.public.name.hex(),
        }


def answer(tools: Tools, place: Place, challenge: Challenge) -> str:
    """The answer to a challenge. Raises EdgesiteError."""
    encoded = csr.unpem(challenge.csr)
    try:
        credential = base64.b64decode("".join(challenge.credential.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise EdgesiteError("The option credential is not Base64: {0}".format(error)) from error
    requested = tpm_challenge.requested_key(encoded)
    with tpm_key.opened(tools, *place) as key:
        if key.public.spki != requested:
            raise EdgesiteError(
                "The request is for another key than {0}".format(place.path or key.name),
                "Make the request with tpm_csr from this key, and ask for a challenge for it",
            )
        secret = tpm_endorsement.activate(tools, key, challenge.endorsement, credential)
    return tpm_challenge.answer(secret, challenge.id, encoded)
