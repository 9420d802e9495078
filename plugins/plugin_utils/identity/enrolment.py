# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The protocol of docs/identity.md from the host's key to its certificate."""

from __future__ import annotations

from typing import Any, Callable, Dict, Mapping

from ...module_utils.common.errors import EdgesiteError
from .need import Need
from .request_options import REQUEST

# Runs a module or action of the collection with these options; returns its result, and raises where it fails.
Step = Callable[[str, Mapping[str, Any]], Dict[str, Any]]


def enrol(options: Mapping[str, Any], device: str, found: Need, step: Step) -> Dict[str, Any]:
    """Has a certificate issued and put into use; what identity_store and tpm_certificate returned.

    options: of edgesite.gpu.identity.
    """
    tpm = {"tcti": options["tcti"]}
    request = {name: options[name] for name in REQUEST}
    device_options = {"state_dir": options["state_dir"], "device": device, "ek_sha256": options["ek_sha256"]}
    key = step(
        "tpm_key",
        {
            **tpm,
            "path": "{0}/{1}/key.pem".format(options["directory"], found.slot),
            "type": options["key_type"],
            "regenerate": "always" if found.new_key else "never",
            "owner_auth": options["owner_auth"],
            "group": options["key_group"],
            "mode": "0640",
        },
    )
    asked = step("tpm_csr", {**tpm, **request, "path": key["path"]})
    challenge = step(
        "tpm_credential",
        {
            **device_options,
            **request,
            "public": asked["public"],
            "csr": asked["csr"],
            "endorsement": _endorsement(step("tpm_info", {**tpm, "gather": ["endorsement"]})),
            **{name: options[name] for name in ("ek_trust", "tpm_roots", "tpm_intermediates", "ek_certificates")},
        },
    )
    proof = step(
        "tpm_challenge",
        {
            **tpm,
            "path": key["path"],
            "id": challenge["id"],
            "credentials": challenge["credentials"],
            "csr": asked["csr"],
        },
    )
    issued = step(
        "tpm_certificate",
        {
            **device_options,
            "id": challenge["id"],
            "answer": proof["answer"],
            "csr": asked["csr"],
            "days": options["days"],
            "renew_before": options["renew_before"] or None,
            "authority": options["authority"],
        },
    )
    stored = step(
        "identity_store",
        {
            "directory": options["directory"],
            "slot": found.slot,
            "certificate": issued["certificate"],
            "chain": issued["chain"],
        },
    )
    return {**stored, "serial": issued["serial"], "not_after": issued["not_after"], "tls13": asked["tls13"] is True}


def _endorsement(known: Mapping[str, Any]) -> Any:
    shown = known["tpm"]["endorsement"]
    if not shown:
        raise EdgesiteError(
            "The TPM cannot prove who made it: {0}".format("; ".join(one["why"] for one in known["unread"])),
            "; ".join(one["fix"] for one in known["unread"]),
        )
    return shown
