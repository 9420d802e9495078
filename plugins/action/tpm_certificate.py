# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of issuing a certificate after a proof: edgesite.gpu.tpm_certificate."""

from __future__ import annotations

import time
from typing import Any, Dict, Mapping

from ansible_collections.edgesite.gpu.plugins.module_utils.identity import csr
from ansible_collections.edgesite.gpu.plugins.plugin_utils import on_controller
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity import authority, authority_options, ek_trust
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.crypto_action import CryptoActionBase
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.issued import Order
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.store import Store

_AUTHORITY: Dict[str, Any] = {"type": "dict", "required": True, "options": authority_options.OPTIONS}


class ActionModule(CryptoActionBase):
    """Takes the challenge that the answer is for, whatever follows; has the request signed; notes what was issued."""

    OPTIONS = {
        "state_dir": {"type": "path", "required": True},
        "device": {"type": "str", "required": True},
        "id": {"type": "str", "required": True},
        "answer": {"type": "str", "required": True},
        "csr": {"type": "str", "required": True},
        "ek_sha256": {"type": "list", "elements": "str", "default": []},
        "authority": _AUTHORITY,
        "days": {"type": "int", "default": 90},
        "renew_before": {"type": "float"},
    }

    def work(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        if self._task.check_mode:
            return {"changed": True}
        store = Store(options["state_dir"])
        device = options["device"]
        with store.alone():
            encoded = csr.unpem(options["csr"])
            proof = store.take_challenge(options["id"], device, encoded, options["answer"])
            pins = ek_trust.pins(options["ek_sha256"])
            store.check_device(device, proof["ek_sha256"], pins)

        def run_module(name: str, arguments: Dict[str, Any]) -> Dict[str, Any]:
            return on_controller.run_module(self, name, arguments, task_vars)

        # What was checked is what is signed, so the host's own text goes no further.
        issued = authority.sign(options["authority"], _order(encoded, options), run_module)
        record = {
            "serial": "{0:x}".format(issued.parsed.serial_number),
            "not_after": issued.parsed.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        with store.alone():
            # Again: another playbook may have been at work meanwhile.
            store.check_device(device, proof["ek_sha256"], pins)
            store.record_certificate(device, proof, record, time.time())
        return {
            "changed": True,
            "certificate": issued.certificate,
            "chain": issued.chain,
            "serial": record["serial"],
            "not_after": record["not_after"],
        }


def _order(encoded: bytes, options: Mapping[str, Any]) -> Order:
    before = options["renew_before"]
    return Order(csr.pem(encoded), options["days"], None if before is None else before * 86400)
