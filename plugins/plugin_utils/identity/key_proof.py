# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a key stays in its TPM, and a request is by that key and asks for just what the inventory gives."""

from __future__ import annotations

import base64
import binascii
from typing import AbstractSet

from ...module_utils.common.errors import EdgesiteError
from ...module_utils.identity import challenge, csr
from ...module_utils.tpm import key
from ...module_utils.tpm import public as tpm_public
from ...module_utils.tpm.public import DEVICE_KEY, Public
from .crypto import UnsupportedAlgorithm, x509
from .names import names_of

_OTHER_KEY = "Create the request again with edgesite.gpu.tpm_csr and the key's own path"
_ANOTHER_KEY = "Create a new key with edgesite.gpu.tpm_key; the role identity does it with -e identity_rotate=true"


def device_key(encoded: str) -> Public:
    """The public area (base64 of TPM2B_PUBLIC), which has to be that of a key that never leaves its TPM."""
    try:
        public = tpm_public.parse(base64.b64decode(encoded, validate=True))
    except (tpm_public.NotPublic, binascii.Error, ValueError) as error:
        raise EdgesiteError(
            "The host did not send the public area of a TPM key: {0}".format(error),
            "Set public to the value public in the result of edgesite.gpu.tpm_csr",
        ) from error
    lacking, more = DEVICE_KEY - public.attributes, public.attributes - DEVICE_KEY
    if lacking or more or public.policy:
        raise EdgesiteError(
            "The key is not one that stays in its TPM and only signs:{0}{1}{2}".format(
                _listed(" it lacks", lacking), _listed(" it has", more), " it has a policy" if public.policy else ""
            ),
            _ANOTHER_KEY,
        )
    if public.kind not in key.KINDS or public.name_hash != "sha256":
        raise EdgesiteError(
            "The key is of the type {0}; allowed are: {1}".format(public.kind, ", ".join(key.KINDS)),
            _ANOTHER_KEY,
        )
    return public


def check_request(written: str, public: Public, wanted: csr.Request) -> bytes:
    """The request's DER form. It has to be, to the last byte, the one that is wanted of this key, and signed by it."""
    encoded = csr.unpem(written)
    if challenge.requested_key(encoded) != public.spki:
        raise EdgesiteError("The certificate request is for another key than the TPM's", _OTHER_KEY)
    signed = csr.to_be_signed(wanted, public)
    if csr.signed_part(encoded) != signed:
        raise EdgesiteError(
            "The certificate request does not ask for what the inventory gives this host: {0}, not {1}".format(
                _words(encoded), _words(csr.assemble(signed, public, b""))
            ),
            "Set identity_subject and identity_subject_alt_names in the inventory; the host does not choose its names",
        )
    try:
        own = x509.load_der_x509_csr(encoded).is_signature_valid
    except (ValueError, UnsupportedAlgorithm) as error:
        raise EdgesiteError("The certificate request cannot be read: {0}".format(error), _OTHER_KEY) from error
    if not own:
        raise EdgesiteError("The certificate request is not signed by its own key", _OTHER_KEY)
    return encoded


def _words(encoded: bytes) -> str:
    """What a request asks for, for a message."""
    try:
        request = x509.load_der_x509_csr(encoded)
        names = sorted(str(name.value) for name in names_of(request))
        others = sorted(one.oid._name for one in request.extensions if one.oid._name != "subjectAltName")
        return "[{0}]".format("; ".join([request.subject.rfc4514_string(), ", ".join(names), ", ".join(others)]))
    except Exception as error:
        return "what cannot be read ({0})".format(error)


def _listed(what: str, names: AbstractSet[str]) -> str:
    return "{0} {1};".format(what, ", ".join(sorted(names))) if names else ""
