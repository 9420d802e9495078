# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a key stays in its TPM, and a request is by that key and asks for just what the inventory gives."""

from __future__ import annotations

import base64
import binascii

from ...module_utils.core import csr, tpm_public
from ...module_utils.core.errors import EdgesiteError
from ...module_utils.core.tpm_public import DEVICE_KEY, Public
from .crypto import Encoding, PublicFormat, UnsupportedAlgorithm, x509

_KINDS = ("ecc_p256", "rsa2048", "rsa3072")
# PKCS #9: the attribute that holds the extensions
_EXTENSION_REQUEST = "1.2.840.113549.1.9.14"
_OTHER_KEY = "Make the request anew with edgesite.gpu.tpm_csr and the key's own path"
_ANOTHER_KEY = "Let edgesite.gpu.tpm_key make a new key; the role identity does it with identity_rotate=true"


def device_key(encoded: str) -> Public:
    """The public area (base64 of TPM2B_PUBLIC), which has to be that of a key that never leaves its TPM."""
    try:
        public = tpm_public.parse(base64.b64decode(encoded, validate=True))
    except (tpm_public.NotPublic, binascii.Error, ValueError) as error:
        raise EdgesiteError("The host sent no public area of a TPM key: {0}".format(error)) from error
    lacking, more = DEVICE_KEY - public.attributes, public.attributes - DEVICE_KEY
    if lacking or more or public.policy:
        raise EdgesiteError(
            "The key is not one that stays in its TPM and only signs:{0}{1}{2}".format(
                _listed(" it lacks", lacking), _listed(" it has", more), " it has a policy" if public.policy else ""
            ),
            _ANOTHER_KEY,
        )
    if public.kind not in _KINDS or public.name_hash != "sha256":
        raise EdgesiteError(
            "The key is of the type {0}; these are good: {1}".format(public.kind, ", ".join(_KINDS)), _ANOTHER_KEY
        )
    return public


def check_request(written: str, public: Public, wanted: csr.Request) -> bytes:
    """The request's DER form. It has to be signed by the key, and ask for what is wanted and nothing else."""
    encoded = csr.unpem(written)
    try:
        asked = x509.load_der_x509_csr(encoded)
        own = asked.is_signature_valid
        key = asked.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        asks = _asks(asked)
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension) as error:
        raise EdgesiteError("The certificate request cannot be read: {0}".format(error), _OTHER_KEY) from error
    if key != public.spki:
        raise EdgesiteError("The certificate request is for another key than the TPM's", _OTHER_KEY)
    if not own:
        raise EdgesiteError("The certificate request is not signed by its own key", _OTHER_KEY)
    # A request for the same, with an empty signature, shows how the wanted one reads.
    like = x509.load_der_x509_csr(csr.assemble(csr.to_be_signed(wanted, public), public, b""))
    gives = _asks(like)
    if asks != gives:
        differences = [
            "{0}: it asks for {1}, the inventory gives {2}".format(
                name, asks.get(name, "nothing"), gives.get(name, "nothing")
            )
            for name in sorted({*asks, *gives})
            if asks.get(name) != gives.get(name)
        ]
        raise EdgesiteError(
            "The certificate request asks for something else than the inventory gives this host: {0}".format(
                "; ".join(differences)
            ),
            "Set identity_subject and identity_subject_alt_names in the inventory; the host does not choose its names",
        )
    return encoded


def _asks(request):
    """What a request asks for, by names that people know."""
    found = {"subject": request.subject.rfc4514_string()}
    for extension in request.extensions:
        found[extension.oid._name] = "{0}{1}".format("critical " if extension.critical else "", _shown(extension.value))
    others = [one.oid.dotted_string for one in request.attributes if one.oid.dotted_string != _EXTENSION_REQUEST]
    if others:
        found["attributes"] = ", ".join(sorted(others))
    return found


def _shown(value):
    if isinstance(value, x509.SubjectAlternativeName):
        return ", ".join(sorted("{0}:{1}".format(type(name).__name__, name.value) for name in value))
    if isinstance(value, x509.ExtendedKeyUsage):
        return ", ".join(sorted(purpose.dotted_string for purpose in value))
    return str(value)


def _listed(what, names):
    return "{0} {1};".format(what, ", ".join(sorted(names))) if names else ""
