# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of proving that a key is in a known TPM: edgesite.gpu.tpm_credential."""

from __future__ import annotations

import base64
from typing import Any, Dict, Mapping

from ansible_collections.edgesite.gpu.plugins.module_utils.identity import challenge as tpm_challenge
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm.public import Public
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity import chains, ek_trust, key_proof
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.crypto_action import CryptoActionBase
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.make_credential import make_credential, secret_for
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.request_options import REQUEST, wanted
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.store import Store, new_challenge_id


class ActionModule(CryptoActionBase):
    """Checks all that the host sent, then makes credentials that only the right TPM with the right key can open.

    One for each endorsement key of the TPM that is trusted: the answer takes them all, so that no host can claim a key
    of another TPM beside its own.
    """

    OPTIONS = {
        "state_dir": {"type": "path", "required": True},
        "device": {"type": "str", "required": True},
        "public": {"type": "str", "required": True},
        "csr": {"type": "str", "required": True},
        "endorsement": {"type": "list", "elements": "dict", "required": True},
        "ek_trust": {"type": "str", "default": "certified", "choices": ["certified", "pinned", "first_use"]},
        "ek_sha256": {"type": "list", "elements": "str", "default": []},
        "ek_certificates": {"type": "list", "elements": "path", "default": []},
        "tpm_roots": {"type": "list", "elements": "path", "default": []},
        "tpm_intermediates": {"type": "list", "elements": "path", "default": []},
        **REQUEST,
    }

    def work(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        public = key_proof.device_key(options["public"])
        request = key_proof.check_request(options["csr"], public, wanted(options))
        rules = _rules(options)
        store = Store(options["state_dir"])
        with store.alone():
            enrolled = (store.device(options["device"]) or {}).get("ek_sha256", [])
        endorsements = ek_trust.trusted(options["endorsement"], rules, enrolled)
        shown = [one.sha256 for one in endorsements]
        found = {
            "ek_sha256": shown,
            "ek_trust": endorsements[0].trust,
            "ek_issuer": "; ".join(dict.fromkeys(one.issuer for one in endorsements if one.issuer)) or None,
            "name": public.name.hex(),
        }
        challenge = new_challenge_id()
        secrets = [secret_for(one.public) for one in endorsements]
        credentials = [_credential(one.public, public.name, secret) for one, secret in zip(endorsements, secrets)]
        with store.alone():
            store.check_device(options["device"], shown, rules.pins)
            if not self._task.check_mode:
                answer = tpm_challenge.answer(secrets, challenge, request)
                store.keep_challenge(options["device"], request, answer, found, challenge)
        warnings = ["Left out: {0}".format(why) for why in rules.left_out]
        told = {"warnings": warnings} if warnings else {}
        return {**found, **told, "changed": False, "id": challenge, "credentials": credentials}


def _rules(options: Mapping[str, Any]) -> ek_trust.Rules:
    """What the options say of trust, with the certificates in their files."""
    roots, intermediates, certificates = (
        chains.collected(options[name]) for name in ("tpm_roots", "tpm_intermediates", "ek_certificates")
    )
    return ek_trust.Rules(
        options["ek_trust"],
        roots.certificates,
        intermediates.certificates,
        ek_trust.pins(options["ek_sha256"]),
        certificates.certificates,
        [*roots.left_out, *intermediates.left_out, *certificates.left_out],
    )


def _credential(endorsement: Public, name: bytes, secret: bytes) -> Dict[str, str]:
    made = make_credential(endorsement, name, secret)
    return {"endorsement": endorsement.kind, "credential": base64.b64encode(made).decode()}
