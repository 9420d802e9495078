# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether services could use revocation lists: with one that has expired, or of another CA, they trust nobody."""

from __future__ import annotations

import datetime
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from ...module_utils.common.errors import EdgesiteError
from ...module_utils.tpm import der
from .crypto import UnsupportedAlgorithm, x509

_RENEW = (
    "Get the current list from the CA; those of the site's own CA are renewed by "
    "'ansible-playbook edgesite.gpu.site_ca -i INVENTORY'"
)


class _List(NamedTuple):
    path: str
    crl: Any

    @property
    def issuer(self) -> str:
        return str(self.crl.issuer.rfc4514_string())


def check(option: str, written: Dict[str, str], authorities: Sequence[str], signer: Optional[str]) -> None:
    """Raises EdgesiteError for what services could not use.

    option: what names the lists. written: what is in their files, by path. authorities: what is in the files of CAs.
    signer: the certificate of the CA that signs, where it is known.
    """
    lists = [
        _List(path, x509.load_der_x509_crl(one)) for path, text in written.items() for one in _in(text, "X509 CRL")
    ]
    known = [x509.load_der_x509_certificate(one) for text in authorities for one in _in(text, "CERTIFICATE")]
    for one in lists:
        _check_time(option, one)
        _check_signature(option, one, known)
    if signer is not None and lists:
        _check_signer(option, lists, x509.load_pem_x509_certificate(signer.encode()).subject.rfc4514_string())


def _in(text: str, label: str) -> List[bytes]:
    return der.unpem_all((label,), text)


def _check_time(option: str, one: _List) -> None:
    ends = one.crl.next_update_utc
    if ends is not None and ends < datetime.datetime.now(datetime.timezone.utc):
        raise EdgesiteError(
            "{0}: the revocation list {1} of {2} expired on {3:%Y-%m-%d}".format(option, one.path, one.issuer, ends),
            _RENEW,
        )


def _check_signature(option: str, one: _List, known: Sequence[Any]) -> None:
    """Of a list whose CA is known, by its name."""
    named = [authority for authority in known if authority.subject == one.crl.issuer]
    if named and not any(_signed(one.crl, authority) for authority in named):
        raise EdgesiteError(
            "{0}: the revocation list {1} names {2} as its CA, but another CA of that name signed it".format(
                option, one.path, one.issuer
            ),
            _RENEW,
        )


def _signed(crl: Any, authority: Any) -> bool:
    try:
        return bool(crl.is_signature_valid(authority.public_key()))
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False


def _check_signer(option: str, lists: Sequence[_List], signer: str) -> None:
    issuers = sorted({one.issuer for one in lists})
    if signer not in issuers:
        raise EdgesiteError(
            "{0}: no revocation list is of {1}, which signs the certificates; those there are of {2}".format(
                option, signer, ", ".join(issuers)
            ),
            "Add the list of that CA; services refuse certificates of a CA that has none",
        )
