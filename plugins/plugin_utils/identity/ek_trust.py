# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an endorsement key is that of a genuine TPM, and how that is known."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any, Dict, NamedTuple, Optional, Sequence

from ...module_utils.core import der, tpm_public
from ...module_utils.core.errors import EdgesiteError
from ...module_utils.core.tpm_public import Public
from . import chains
from .crypto import x509

CERTIFIED, PINNED, FIRST_USE = "certified", "pinned", "first_use"
# TCG EK Credential Profile, 3.2.16: tcg-kp-EKCertificate
_EK_PURPOSE = "2.23.133.8.1"
# An endorsement key decrypts for its TPM alone; TCG EK Credential Profile, B.3 and B.4
_EK_ATTRIBUTES = frozenset(("fixedtpm", "fixedparent", "sensitivedataorigin", "restricted", "decrypt"))


class Endorsement(NamedTuple):
    """A TPM's endorsement key. sha256: of its SubjectPublicKeyInfo, DER. trust: how it is known to be a TPM's."""

    public: Public
    sha256: str
    trust: str
    issuer: Optional[str]


class Rules(NamedTuple):
    """What makes an endorsement key trusted. roots, intermediates: certificates of manufacturers, PEM."""

    trust: str
    roots: Sequence[str]
    intermediates: Sequence[str]
    pins: Sequence[str]


def trusted(found: Sequence[Dict[str, Any]], rules: Rules) -> Endorsement:
    """The first of a TPM's endorsement keys, as tpm_info returns them, that the rules allow."""
    if not found:
        raise EdgesiteError(
            "The TPM shows no endorsement key",
            "Look at the result of edgesite.gpu.tpm_info on the host: its unread says why",
        )
    refusals = []
    for one in found:
        try:
            return _judged(one, rules)
        except EdgesiteError as error:
            refusals.append(error)
    problem = "; ".join("its {0} key: {1}".format(one["type"], error.problem) for one, error in zip(found, refusals))
    raise EdgesiteError("No endorsement key of this TPM is trusted: {0}".format(problem), refusals[0].fix)


def _judged(found, rules):
    try:
        public = tpm_public.parse(base64.b64decode(found["public"], validate=True))
    except (tpm_public.NotPublic, binascii.Error, ValueError) as error:
        raise EdgesiteError("it is no public area of a key: {0}".format(error)) from error
    if not public.attributes >= _EK_ATTRIBUTES or "sign" in public.attributes or not public.aes_bits:
        raise EdgesiteError("its attributes are not those of an endorsement key")
    if public.name_hash == "sha1":
        raise EdgesiteError("it uses SHA-1")
    sha256 = hashlib.sha256(public.spki).hexdigest()
    if rules.pins and sha256 not in rules.pins:
        raise EdgesiteError(
            "it is {0}, and the inventory gives this host {1}".format(sha256, ", ".join(rules.pins)),
            "If its board was swapped, write the new key into the inventory; if not, another machine answers for it",
        )
    if rules.trust == CERTIFIED:
        return Endorsement(public, sha256, CERTIFIED, _certified(found, public, rules))
    if rules.trust == PINNED and not rules.pins:
        raise EdgesiteError(
            "the inventory says that it is pinned, but gives no key",
            "Set identity_ek_sha256 to {0}, if it is this host's".format(sha256),
        )
    return Endorsement(public, sha256, rules.trust, None)


def _certified(found, public, rules):
    """The issuer of the key's certificate, which leads to a trusted root."""
    written = found.get("certificate")
    if not written:
        raise EdgesiteError(
            "it has no certificate",
            "Pin the key in the inventory (identity_ek_trust: pinned), or take it as it is for once (first_use)",
        )
    if not rules.roots:
        raise EdgesiteError(
            "no root certificate of a TPM manufacturer is trusted",
            "Set identity_tpm_roots to those of the manufacturers of your machines' TPMs",
        )
    try:
        certificate = x509.load_pem_x509_certificate(written.encode())
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        same = _key_bits(der.unpem("CERTIFICATE", written)) == _bits(public.spki)
    except x509.ExtensionNotFound as error:
        raise EdgesiteError("its certificate does not say that it is for an endorsement key") from error
    except ValueError as error:
        raise EdgesiteError("its certificate cannot be read: {0}".format(error)) from error
    if _EK_PURPOSE not in [purpose.dotted_string for purpose in purposes]:
        raise EdgesiteError("its certificate is for other purposes than endorsement keys (2.23.133.8.1)")
    if not same:
        raise EdgesiteError("its certificate is that of another key")
    _verify_chain(written, list(rules.intermediates) + _readable(found.get("issuers") or []), rules.roots)
    return certificate.issuer.rfc4514_string()


def _readable(certificates):
    """What the TPM brings of its issuers. It is a help and no more, so what cannot be read is left out."""
    found = []
    for one in certificates:
        try:
            found.append(chains.pem(x509.load_pem_x509_certificate(one.encode())))
        except ValueError:
            continue
    return found


def _verify_chain(certificate, intermediates, roots):
    why = chains.refusal(certificate, intermediates, roots)
    if why:
        issuer = x509.load_pem_x509_certificate(certificate.encode()).issuer.rfc4514_string()
        raise EdgesiteError(
            "its certificate does not lead to a trusted manufacturer ({0}); its issuer is {1}".format(why, issuer),
            "If you trust it, add its root to identity_tpm_roots, and what lies between to identity_tpm_intermediates",
        )


def _key_bits(encoded):
    """The public key's bits in a certificate. Some makers mark the key in ways that libraries do not take for RSA."""
    signed = der.elements(der.only(der.SEQUENCE, encoded))[0][1]
    # RFC 5280, 4.1: version, serial number, algorithm, issuer, validity, subject, key
    return _bits(der.tlv(*der.elements(signed)[6]))


def _bits(spki):
    return der.elements(der.only(der.SEQUENCE, spki))[1][1]
