# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a certificate that a CA gave may be used: for its key, names, usages and life, and its chain."""

from __future__ import annotations

from datetime import datetime
from typing import List, NamedTuple, Optional

from ...module_utils.common.errors import EdgesiteError
from . import chains, device_certificate
from .crypto import x509
from .names import names_of

_DAY = 86400
# CAs round up, and begin a little earlier for clocks that are behind.
_ROUNDING = 2 * _DAY


class Order(NamedTuple):
    """What is asked of a CA. request: PEM. renew_before: seconds before its end; None for a third of its life."""

    request: str
    days: int
    renew_before: Optional[float] = None


class Issued(NamedTuple):
    """certificate: PEM. chain: PEM of what lies between it and the root, from the bottom."""

    certificate: str
    chain: str
    parsed: x509.Certificate


def checked(order: Order, certificate: str, chain: List[str], roots: List[str], now: float) -> Issued:
    """The certificate, if it may be used. chain may have the root as well. Raises EdgesiteError."""
    try:
        parsed = device_certificate.read(certificate)
    except ValueError as error:
        raise EdgesiteError(
            "The CA's certificate cannot be read: {0}".format(error),
            "Have the CA answer with a certificate in PEM that 'openssl x509 -noout -text' can read",
        ) from error
    _check_content(parsed, x509.load_pem_x509_csr(order.request.encode()))
    _check_life(parsed, order, now)
    between = [one for one in chain if one not in roots]
    why = chains.refusal(certificate, between, roots)
    if why:
        raise EdgesiteError(
            "The CA's certificate does not lead to authority.roots: {0}".format(why),
            "Set authority.roots to the root of this CA, and have the CA send the intermediate certificates as well",
        )
    return Issued(certificate, "".join(between), parsed)


def _check_content(parsed: x509.Certificate, asked: x509.CertificateSigningRequest) -> None:
    if device_certificate.spki(parsed) != device_certificate.spki(asked):
        raise EdgesiteError(
            "The CA signed a certificate for another key than the request's",
            "Check that the CA uses the key of the request",
        )
    if parsed.subject != asked.subject or names_of(parsed) != names_of(asked):
        raise EdgesiteError(
            "The CA signed a certificate with other names than the request's",
            "Check that the CA takes subject and subjectAltName from the request",
        )
    why = device_certificate.usage_problem(parsed, asked)
    if why:
        raise EdgesiteError(
            "The CA signed a certificate for something other than requested: {0}".format(why),
            "Check that the CA takes key usage and extended key usage from the request, or has a profile with the same",
        )


def _check_life(parsed: x509.Certificate, order: Order, now: float) -> None:
    begin, end = parsed.not_valid_before_utc, parsed.not_valid_after_utc
    if not begin.timestamp() <= now < end.timestamp():
        raise EdgesiteError(
            "The CA signed a certificate that is not valid now, but from {0} to {1} (UTC)".format(
                *map(_moment, (begin, end))
            ),
            "Compare the clocks of the CA and of the controller",
        )
    life = (end - begin).total_seconds()
    if life > order.days * _DAY + _ROUNDING:
        raise EdgesiteError(
            "The CA signed a certificate for {0:.0f} days, but {1} were requested".format(life / _DAY, order.days),
            "Have the CA issue it for that long, or set identity_days to what the CA issues, or to less",
        )
    if device_certificate.renewal_due(parsed, order.renew_before, now):
        raise EdgesiteError(
            "The CA signed a certificate that is valid for {0:.1f} more days, so that every run would renew it".format(
                (end.timestamp() - now) / _DAY
            ),
            "Have the CA issue certificates that begin now and last longer, or set identity_renew_before to fewer days",
        )


def _moment(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")
