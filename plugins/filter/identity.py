# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of the role identity."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, Mapping, Optional, Sequence

from ansible.errors import AnsibleFilterError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError, sentence
from ansible_collections.edgesite.gpu.plugins.module_utils.identity import csr
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity import chains, need


def identity_need(
    store: Mapping[str, Any],
    keys: Optional[Sequence[Mapping[str, Any]]],
    wanted: Mapping[str, Any],
    unread: Sequence[Mapping[str, Any]] = (),
) -> Dict[str, Any]:
    """What a host's identity needs; see DOCUMENTATION in identity_need.yml."""
    try:
        if keys is None:
            return {"action": "none", "problem": _no_tpm(unread)}
        problem = _problem(store, keys, wanted)
        if problem:
            return {"action": "none", "problem": problem}
        wishes = need.Wishes(
            csr.request(
                wanted["subject"], wanted["subject_alt_name"], wanted["key_usage"], wanted["extended_key_usage"]
            ),
            wanted["type"],
            chains.read(wanted["roots"]),
            [one["serial_number"] for one in wanted["revoked"]],
            _renew_before(wanted),
            bool(wanted["rotate"]),
        )
        return need.as_dict(need.need(store, keys, wishes, time.time()))
    except EdgesiteError as error:
        return {"action": "none", "problem": str(error)}
    except (KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError("identity_need: {0!r}".format(error)) from error


def _renew_before(wanted: Mapping[str, Any]) -> Optional[float]:
    """In seconds. As long as the life of a certificate, every run would make another one."""
    written = wanted["renew_before"]
    if written in ("", None):
        return None
    try:
        days = float(written)
    except ValueError:
        days = -1
    if not 0 <= days < float(wanted["days"]):
        raise EdgesiteError(
            "identity_renew_before {0!r} is not a number of days between 0 and identity_days, {1}".format(
                written, wanted["days"]
            ),
            "Leave it empty for a third of a certificate's life",
        )
    return days * 86400


def _no_tpm(unread: Sequence[Mapping[str, Any]]) -> str:
    if not unread:
        return "The host has no TPM. Enable it in the firmware's setup, or leave identity_ca_dir out for this host."
    first = unread[0]
    return "The host's TPM cannot be used: {0} {1}".format(sentence(first["why"]), sentence(first["fix"]))


def _problem(store: Mapping[str, Any], keys: Sequence[Mapping[str, Any]], wanted: Mapping[str, Any]) -> Optional[str]:
    off = store["clock_off"]
    if abs(off) > float(wanted["clock_tolerance"]):
        return (
            "The host's clock is {0:.0f} s {1} the controller's: certificates would look bad to one of them. Set the "
            "clock (chrony, systemd-timesyncd), or raise identity_clock_tolerance.".format(
                abs(off), "ahead of" if off > 0 else "behind"
            )
        )
    held = need.unusable(keys, store["active"])
    return sentence("The TPM could not be asked for the host's key: {0}".format(held["reason"])) if held else None


class FilterModule:
    """Filters of the role identity."""

    def filters(self) -> Dict[str, Callable[..., Any]]:
        return {"identity_need": identity_need}
