# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked for an identity, checked before a host is asked for anything."""

from __future__ import annotations

from typing import Any, Callable, List, Mapping, Sequence

from ...module_utils.common import limits, lines
from ...module_utils.common.errors import EdgesiteError
from ...module_utils.identity import csr
from ...module_utils.identity import store as host_store
from ...module_utils.tpm import key, tcti
from . import decision, ek_trust, request_options, store

# The names of edgesite.gpu.identity's options, by those that their users know them by
Called = Callable[[str], str]


def problems(options: Mapping[str, Any], device: str, called: Called = str) -> List[EdgesiteError]:
    """All that is wrong with these options of edgesite.gpu.identity."""
    found: List[EdgesiteError] = []
    for check in _checks(options, device, called):
        try:
            check()
        except EdgesiteError as error:
            found += error.parts or [error]
    return found


def _checks(options: Mapping[str, Any], device: str, called: Called) -> Sequence[Callable[[], Any]]:
    return (
        lambda: store.check_name(device),
        lambda: request_options.wanted(options, csr.Called(called("subject"), called("subject_alt_name"))),
        lambda: _check_days(options, called),
        lambda: limits.tolerance(called("clock_tolerance"), options["clock_tolerance"]),
        lambda: ek_trust.pins(options["ek_sha256"], called("ek_sha256")),
        lambda: key.parse_account(called("key_group"), options["key_group"]),
        lambda: host_store.folder(called("directory"), options["directory"]),
        lambda: tcti.checked(called("tcti"), options["tcti"] or tcti.DEFAULT),
        lambda: lines.each(called("packages"), options["packages"], lines.PACKAGE),
    )


def _check_days(options: Mapping[str, Any], called: Called) -> None:
    days = limits.days(called("days"), options["days"])
    decision.renew_before(options["renew_before"], days, called("renew_before"), called("days"))
