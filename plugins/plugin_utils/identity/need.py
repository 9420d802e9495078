# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's identity needs: nothing, a certificate, or a new key as well."""

from __future__ import annotations

import base64
from typing import Any, Dict, Mapping, NamedTuple, Optional, Sequence

from ...module_utils.identity import csr
from ...module_utils.identity.store import SLOTS
from ...module_utils.tpm import public as tpm_public
from ...module_utils.tpm.public import Public
from . import chains, device_certificate
from .crypto import Encoding, x509
from .names import names_of

ENROL, RENEW, ROTATE, NONE = "enrol", "renew", "rotate", "none"
# What edgesite.gpu.tpm_info says of a key that is not there, or of another TPM, or of this one before it was cleared.
_LOST = ("missing", "foreign")


class Wishes(NamedTuple):
    """What a certificate has to be like. renew_before: seconds before its end; None for a third of its life."""

    request: csr.Request
    type: str
    trust: Sequence[str]
    revoked: Sequence[int]
    renew_before: Optional[float]
    rotate: bool


class Need(NamedTuple):
    """action: one of the constants above. slot: where the certificate goes. why: for people."""

    action: str
    slot: str
    why: str
    new_key: bool


def need(store: Mapping[str, Any], keys: Sequence[Mapping[str, Any]], wishes: Wishes, now: float) -> Need:
    """What is to be done, from what identity_store and tpm_info returned; pure but for openssl, which checks the chain.

    keys: of slot a and slot b, in this order.
    """
    slot = store["active"]
    if slot is None:
        return _first(keys, wishes)
    other = SLOTS[1 - SLOTS.index(slot)]
    key = keys[SLOTS.index(slot)]
    if not key["usable"]:
        return Need(ENROL, other, "its key is lost: {0}".format(key["reason"]), True)
    public = tpm_public.parse(base64.b64decode(key["public"]))
    if public.kind != wishes.type:
        return Need(ROTATE, other, "the key is of the type {0}, not {1}".format(public.kind, wishes.type), True)
    if wishes.rotate:
        return Need(ROTATE, other, "a new key was asked for", True)
    certificate = _parsed(store["slots"][slot]["certificate"])
    if certificate and certificate.serial_number in wishes.revoked:
        return Need(ROTATE, other, "the certificate is revoked", True)
    why = _renewal(store["slots"][slot], certificate, public, wishes, now)
    return Need(RENEW, slot, why, False) if why else Need(NONE, slot, "", False)


def unusable(keys: Sequence[Mapping[str, Any]], active: Optional[str]) -> Optional[Mapping[str, Any]]:
    """The key in use, where the TPM cannot say now whether it is its own: nothing is decided then."""
    for slot, key in zip(SLOTS, keys):
        if slot == active and not key["usable"] and key["cause"] not in _LOST:
            return key
    return None


def _first(keys: Sequence[Mapping[str, Any]], wishes: Wishes) -> Need:
    """A run that was broken off before the certificate was there left a key, which is as good as a new one."""
    good = keys[0]["usable"] and keys[0]["type"] == wishes.type and not wishes.rotate
    return Need(ENROL, "a", "it has no certificate yet", not good)


def _parsed(written: Optional[str]) -> Optional[x509.Certificate]:
    try:
        return device_certificate.read(written or "")
    except ValueError:
        return None


def _renewal(
    files: Mapping[str, Any], certificate: Optional[x509.Certificate], public: Public, wishes: Wishes, now: float
) -> Optional[str]:
    if certificate is None:
        return "there is no certificate that can be read"
    if device_certificate.spki(certificate) != public.spki:
        return "the certificate is for another key"
    like = x509.load_der_x509_csr(csr.assemble(csr.to_be_signed(wishes.request, public), public, b""))
    if certificate.subject != like.subject or names_of(certificate) != names_of(like):
        return "its names differ from those in the inventory"
    why = device_certificate.usage_problem(certificate, like)
    if why:
        return "the certificate is for something other than wanted: {0}".format(why)
    if device_certificate.renewal_due(certificate, wishes.renew_before, now):
        # Not how long that is from now: a plan has the same words until it is applied.
        return "the certificate is valid until {0:%Y-%m-%d}".format(certificate.not_valid_after_utc)
    try:
        chain = chains.split(files["chain"]) if (files["chain"] or "").strip() else []
    except ValueError:
        return "its chain cannot be read"
    why = chains.refusal(chains.pem(certificate.public_bytes(Encoding.DER)), chain, wishes.trust)
    return "the certificate does not lead to a trusted root: {0}".format(why) if why else None


def as_dict(found: Need) -> Dict[str, Any]:
    """For playbooks."""
    return dict(found._asdict())
