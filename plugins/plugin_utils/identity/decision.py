# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's identity needs, by what the host said and what its options are; or why that cannot be said."""

from __future__ import annotations

from typing import Any, Mapping, Optional, Sequence

from ...module_utils.common.errors import EdgesiteError, shown
from . import chains, need, request_options


def wishes(options: Mapping[str, Any], revoked: Sequence[int]) -> need.Wishes:
    """What these options of edgesite.gpu.identity ask for. Raises EdgesiteError where no host could be given that.

    revoked: serial numbers.
    """
    return need.Wishes(
        request_options.wanted(options),
        options["key_type"],
        chains.read(options["authority"]["roots"]),
        revoked,
        renew_before(options["renew_before"], options["days"]),
        options["rotate"],
    )


def decide(
    wanted: need.Wishes, store: Mapping[str, Any], known: Mapping[str, Any], clock_tolerance: int, now: float
) -> need.Need:
    """store: what identity_store returned. known: what tpm_info returned. Raises where nothing can be decided."""
    _check_clock(store["clock_off"], clock_tolerance)
    keys = known["tpm"]["key_states"]
    if keys is None:
        raise _no_tpm(known["unread"])
    held = need.unusable(keys, store["active"])
    if held:
        raise EdgesiteError(
            "The TPM could not be queried for the host's key: {0}".format(held["reason"]),
            "Run again when the TPM answers",
        )
    return need.need(store, keys, wanted, now)


def renew_before(
    written: Optional[str], days: int, option: str = "renew_before", of_days: str = "days"
) -> Optional[float]:
    """In seconds. As long as the life of a certificate, every run would make another one."""
    if not written:
        return None
    try:
        before = float(written)
    except ValueError:
        before = -1
    if not 0 <= before < days:
        raise EdgesiteError(
            "{0} is {1}, but has to be a number of days less than {2}, which is {3}".format(
                option, shown(written), of_days, days
            ),
            "Set fewer days, or remove {0} to renew in the last third of a certificate's life".format(option),
        )
    return before * 86400


def _check_clock(off: int, tolerance: int) -> None:
    if abs(off) > tolerance:
        raise EdgesiteError(
            "The host's clock is {0:.0f} s {1} the controller's: one of them would take valid certificates for "
            "invalid".format(abs(off), "ahead of" if off > 0 else "behind"),
            "Set the clock (chrony, systemd-timesyncd), or raise identity_clock_tolerance",
        )


def _no_tpm(unread: Sequence[Mapping[str, Any]]) -> EdgesiteError:
    if not unread:
        return EdgesiteError(
            "The host has no TPM", "Enable it in the firmware's setup, or remove identity_ca_dir for this host"
        )
    first = unread[0]
    return EdgesiteError("The host's TPM cannot be used: {0}".format(first["why"]), first["fix"])
