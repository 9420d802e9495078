# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an endorsement key is that of a genuine TPM, and how that is known."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from ...module_utils.common import lines
from ...module_utils.common.errors import EdgesiteError
from ...module_utils.common.lines import Kind
from ...module_utils.tpm import certificate, der, endorsement
from ...module_utils.tpm import public as tpm_public
from ...module_utils.tpm.public import RSA, Public
from . import chains

CERTIFIED, PINNED, FIRST_USE = "certified", "pinned", "first_use"
# TCG EK Credential Profile, 3.2.16: tcg-kp-EKCertificate
_EK_PURPOSE = der.oid("2.23.133.8.1")
_LEAST_RSA = 2048
_PIN = Kind(
    re.compile(r"[0-9A-Fa-f]{64}"),
    "a SHA-256 of 64 hexadecimal digits",
    "Copy it from the endorsement keys that 'ansible HOST -m edgesite.gpu.tpm_info --become' shows, where it is sha256",
)
_LOOK = "Look at what 'ansible HOST -m edgesite.gpu.tpm_info --become' shows as endorsement, and at who answers there"
_ANOTHER = "Renew the firmware of the TPM, or use a machine with another one; no setting makes up for a weak key"
_PIN_IT = "If you know the key to be this TPM's, set identity_ek_trust to pinned and identity_ek_sha256 to its SHA-256"
# A TPM has a few; a host that shows many wants to keep the controller busy.
_MOST = 20


class Endorsement(NamedTuple):
    """A TPM's endorsement key. sha256: of its SubjectPublicKeyInfo, DER. trust: how it is known to be a TPM's."""

    public: Public
    sha256: str
    trust: str
    issuer: Optional[str]


class Rules(NamedTuple):
    """What makes an endorsement key trusted. roots, intermediates: certificates of manufacturers, PEM.

    pins: SHA-256 of keys, of which the TPM has to show one. certificates: of endorsement keys, PEM, for TPMs that hold
    none themselves; those of other TPMs do no harm. left_out: of each file that could not be read, why.
    """

    trust: str
    roots: Sequence[str]
    intermediates: Sequence[str]
    pins: Sequence[str]
    certificates: Sequence[str] = ()
    left_out: Sequence[str] = ()


def pins(written: Sequence[str], option: str = "ek_sha256") -> List[str]:
    """The keys that users pin, as they are compared."""
    return [pin.lower() for pin in lines.each(option, list(written), _PIN)]


def trusted(found: Sequence[Mapping[str, Any]], rules: Rules, enrolled: Sequence[str] = ()) -> List[Endorsement]:
    """All of a TPM's endorsement keys, as tpm_info returns them, that the rules allow; at least one.

    enrolled: SHA-256 of the keys that the device is known by.
    """
    if not found:
        raise EdgesiteError(
            "The TPM shows no endorsement key",
            "Run 'ansible HOST -m edgesite.gpu.tpm_info --become': unread in its result says why",
        )
    taken, refused = _sorted_out(found[:_MOST], rules)
    if rules.pins and taken.keys().isdisjoint(rules.pins):
        refused += [(one.public.kind, _not_pinned(one.sha256, rules.pins)) for one in taken.values()]
        taken = {}
    if not taken:
        problems = "; ".join("its {0} key: {1}".format(kind, error.problem) for kind, error in refused)
        raise EdgesiteError("No endorsement key of this TPM is trusted: {0}".format(problems), refused[-1][1].fix)
    return _of_first_use(taken, {*enrolled, *rules.pins}) if rules.trust == FIRST_USE else list(taken.values())


def _sorted_out(
    found: Sequence[Mapping[str, Any]], rules: Rules
) -> Tuple[Dict[str, Endorsement], List[Tuple[Any, EdgesiteError]]]:
    """The keys that the rules allow, by their SHA-256; and the types of the others, with what is wrong with each."""
    taken: Dict[str, Endorsement] = {}
    refused: List[Tuple[Any, EdgesiteError]] = []
    for one in found:
        try:
            judged = _judged(one, rules)
            taken.setdefault(judged.sha256, judged)
        except EdgesiteError as error:
            refused.append((one.get("type"), error))
    return taken, refused


def _of_first_use(taken: Mapping[str, Endorsement], known: Set[str]) -> List[Endorsement]:
    """The first use was the one time that a host is believed: it cannot add a key later that is no TPM's."""
    return [one for sha256, one in taken.items() if sha256 in known] or list(taken.values())


def _not_pinned(sha256: str, pins: Sequence[str]) -> EdgesiteError:
    return EdgesiteError(
        "it is {0}, but the inventory gives this host {1}".format(sha256, ", ".join(pins)),
        "If its board was swapped, write the new key into the inventory; if not, another machine answers for it",
    )


def _judged(found: Mapping[str, Any], rules: Rules) -> Endorsement:
    try:
        public = tpm_public.parse(base64.b64decode(found["public"], validate=True))
    except (KeyError, TypeError, ValueError) as error:
        raise EdgesiteError("it is not the public area of a key: {0}".format(error), _LOOK) from error
    if not endorsement.is_key(public) or public.aes_bits not in (128, 192, 256):
        raise EdgesiteError("its attributes are not those of an endorsement key", _LOOK)
    if public.name_hash == "sha1":
        raise EdgesiteError("it uses SHA-1", _ANOTHER)
    if public.type == RSA and public.modulus.bit_length() < _LEAST_RSA:
        raise EdgesiteError(
            "it has {0} bits, but needs at least {1}".format(public.modulus.bit_length(), _LEAST_RSA), _ANOTHER
        )
    sha256 = hashlib.sha256(public.spki).hexdigest()
    if rules.trust == CERTIFIED:
        return Endorsement(public, sha256, CERTIFIED, _certified(found, public, rules))
    if rules.pins and sha256 not in rules.pins:
        raise _not_pinned(sha256, rules.pins)
    if rules.trust == PINNED and not rules.pins:
        raise EdgesiteError(
            "the inventory says that it is pinned, but gives no key",
            "If it is this host's key, set identity_ek_sha256 to {0}".format(sha256),
        )
    return Endorsement(public, sha256, rules.trust, None)


def _certified(found: Mapping[str, Any], public: Public, rules: Rules) -> str:
    """The issuer of the key's certificate, which leads to a trusted root."""
    written = _handed_over(public, rules.certificates) or found.get("certificate")
    if not written:
        raise EdgesiteError(
            "it has no certificate",
            "If its maker publishes one, add it to identity_ek_certificates; otherwise pin the key in the inventory "
            "(identity_ek_trust: pinned), or trust it when it is first seen (first_use)",
        )
    if not rules.roots:
        raise EdgesiteError(
            "no root certificate of a TPM manufacturer is trusted" + _not_read(rules.left_out),
            "Set identity_tpm_roots to the root certificates of your TPMs' manufacturers",
        )
    encoded, issuer = _endorsed(written)
    if not endorsement.certified(encoded, public):
        raise EdgesiteError("its certificate is for another key", _PIN_IT)
    issuers = _readable(found.get("issuers"))
    why = chains.refusal(chains.pem(encoded), [*rules.intermediates, *issuers.certificates], rules.roots)
    if why:
        raise _not_trusted(why, issuer, [*rules.left_out, *issuers.left_out])
    return issuer


def _not_trusted(why: str, issuer: str, left_out: Sequence[str]) -> EdgesiteError:
    return EdgesiteError(
        "its certificate does not lead to a trusted manufacturer ({0}); its issuer is {1}{2}".format(
            why, issuer, _not_read(left_out)
        ),
        "If you trust it, add its root to identity_tpm_roots, and its intermediate certificates to "
        "identity_tpm_intermediates; if its signature is too weak, pin the key in the inventory "
        "(identity_ek_trust: pinned)",
    )


def _handed_over(public: Public, certificates: Sequence[str]) -> Optional[str]:
    """The certificate of this key, where the inventory has it."""
    return next((one for one in certificates if endorsement.certified(_unpem(one), public)), None)


def _endorsed(written: Any) -> Tuple[bytes, str]:
    """A certificate that is for an endorsement key: its DER form and its issuer."""
    try:
        encoded = _unpem(written)
        parsed = certificate.parse(encoded)
        purposes, issuer = certificate.purposes(parsed), certificate.name(parsed.issuer)
        is_authority = certificate.signs_for_others(parsed)
    except ValueError as error:
        raise EdgesiteError("its certificate cannot be read: {0}".format(error), _PIN_IT) from error
    if not purposes:
        raise EdgesiteError("its certificate does not say that it is for an endorsement key", _PIN_IT)
    if _EK_PURPOSE not in purposes:
        raise EdgesiteError("its certificate is for other purposes than endorsement keys (2.23.133.8.1)", _PIN_IT)
    if is_authority:
        raise EdgesiteError("its certificate is that of a CA (CA:TRUE or keyCertSign), which no TPM's key is", _PIN_IT)
    return encoded, issuer


def _readable(certificates: Any) -> chains.Collected:
    """What the TPM brings of its issuers. It is a help and no more, so what cannot be read is left out."""
    found = chains.Collected([], [])
    for number, one in enumerate((certificates if isinstance(certificates, list) else [])[: chains.MOST], 1):
        try:
            found.certificates.append(chains.pem(_unpem(one)))
        except ValueError as error:
            found.left_out.append("issuer {0} in the TPM: {1}".format(number, error))
    return found


def _not_read(left_out: Sequence[str]) -> str:
    return "; what cannot be read was left out: {0}".format(", ".join(left_out)) if left_out else ""


def _unpem(written: Any) -> bytes:
    if not isinstance(written, str) or len(written) > chains.LONGEST:
        raise ValueError("it is not text of at most {0} KiB".format(chains.LONGEST // 1024))
    return der.unpem("CERTIFICATE", written)
