# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host does with its TPM key to get a certificate: asks for it, and shows that the key is in its TPM."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any, Dict, NamedTuple, Sequence

from ...common.errors import EdgesiteError
from ...tpm import pss
from ...tpm.errors import TpmError
from ...tpm.host import endorsement as tpm_endorsement
from ...tpm.host import key as tpm_key
from ...tpm.host.tools import Tools
from ...tpm.key import Place
from ...tpm.public import RSA
from .. import challenge as tpm_challenge
from .. import csr


class Credential(NamedTuple):
    """A secret for one endorsement key. endorsement: the key's type; credential: Base64."""

    endorsement: str
    credential: str


class Challenge(NamedTuple):
    """What the controller asks. credentials: one for each endorsement key that is to be proven; csr: PEM."""

    credentials: Sequence[Credential]
    id: str
    csr: str


def request(tools: Tools, place: Place, wanted: csr.Request) -> Dict[str, Any]:
    """A certificate request, signed by the key. Raises EdgesiteError."""
    with tpm_key.opened(tools, *place) as key:
        if "sign" not in key.public.attributes or "restricted" in key.public.attributes:
            raise EdgesiteError(
                "{0} is a key that does not sign requests".format(key.name), "Use one that edgesite.gpu.tpm_key created"
            )
        signed = csr.to_be_signed(wanted, key.public)
        signature = tools.sign(key.name, key.public, hashlib.sha256(signed).digest())
        return {
            "csr": csr.pem(csr.assemble(signed, key.public, signature)),
            "public": base64.b64encode(key.public.tpm2b).decode("ascii"),
            "name": key.public.name.hex(),
            "tls13": _signs_for_tls13(tools, key),
        }


def _signs_for_tls13(tools: Tools, key: tpm_key.Key) -> bool:
    """Many TPMs give RSA-PSS the longest salt that fits, and whoever they talk to by TLS 1.3 ends the connection."""
    if key.public.type != RSA:
        return True
    digest = hashlib.sha256(b"a try").digest()
    try:
        return pss.salt_length(key.public, digest, tools.sign_pss(key.name, digest)) == pss.SALT
    except TpmError:
        return False


def answer(tools: Tools, place: Place, challenge: Challenge) -> str:
    """The answer to a challenge. Raises EdgesiteError."""
    encoded = csr.unpem(challenge.csr)
    credentials = [(one.endorsement, _decoded(one.credential)) for one in challenge.credentials]
    if not credentials:
        raise EdgesiteError("The option credentials is empty", "Set it to the credentials that tpm_credential returned")
    requested = tpm_challenge.requested_key(encoded)
    with tpm_key.opened(tools, *place) as key:
        if key.public.spki != requested:
            raise EdgesiteError(
                "The request is for another key than {0}".format(place.path or key.name),
                "Create the request with tpm_csr from this key, and ask for a challenge for it",
            )
        secrets = [tpm_endorsement.activate(tools, key, *credential) for credential in credentials]
    return tpm_challenge.answer(secrets, challenge.id, encoded)


def _decoded(credential: str) -> bytes:
    try:
        return base64.b64decode("".join(credential.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise EdgesiteError(
            "In the option credentials, a credential is not Base64: {0}".format(error),
            "Set credentials to the value credentials in the result of edgesite.gpu.tpm_credential",
        ) from error
