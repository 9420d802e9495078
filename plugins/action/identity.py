# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of edgesite.gpu.identity: looks at the host, decides, and has a certificate issued."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, List, Mapping

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.edgesite.gpu.plugins.module_utils import outcome
from ansible_collections.edgesite.gpu.plugins.module_utils.common.disruption import NONE, by
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError, combined
from ansible_collections.edgesite.gpu.plugins.module_utils.identity.store import SLOTS
from ansible_collections.edgesite.gpu.plugins.module_utils.site import host_answer
from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import RunModule
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity import (
    asked,
    authority_options,
    chains,
    crypto,
    decision,
    need,
    site_files,
)
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.enrolment import enrol
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.request_options import REQUEST
from ansible_collections.edgesite.gpu.plugins.plugin_utils.installing import MISSING, InstallingActionBase

OPTIONS: Dict[str, Dict[str, Any]] = {
    **REQUEST,
    "authority": {"type": "dict", "required": True, "options": authority_options.OPTIONS},
    "clock_tolerance": {"type": "int", "default": 300},
    "crl_files": {"type": "list", "elements": "path", "default": []},
    "days": {"type": "int", "default": 90},
    # of the host, whose module knows what ~ is there
    "directory": {"type": "str", "default": "/etc/edgesite-gpu/identity"},
    "ek_certificates": {"type": "list", "elements": "path", "default": []},
    "ek_sha256": {"type": "list", "elements": "str", "default": []},
    "ek_trust": {"type": "str", "default": "certified", "choices": ["certified", "pinned", "first_use"]},
    "key_group": {"type": "str", "default": "tss"},
    "key_type": {"type": "str", "default": "ecc_p256", "choices": ["ecc_p256", "rsa2048", "rsa3072"]},
    "owner_auth": {"type": "str", "no_log": True},
    "packages": {"type": "list", "elements": "str", "default": ["tpm2-tools"]},
    "renew_before": {"type": "str"},
    "rotate": {"type": "bool", "default": False},
    "state_dir": {"type": "path", "required": True},
    "tcti": {"type": "str"},
    "tpm_intermediates": {"type": "list", "elements": "path", "default": []},
    "tpm_roots": {"type": "list", "elements": "path", "default": []},
}
# Certificates of TPMs' makers
_TRUSTED = ("ek_certificates", "tpm_intermediates", "tpm_roots")
# Of a slot without a key
_NOT_MADE = {"usable": False, "cause": "missing", "reason": "it does not exist yet"}

_NO_TLS13 = (
    "The TPM of {0} does not sign RSA-PSS as TLS 1.3 needs it, so TLS connections with this key will fail. "
    "Set identity_key_type to ecc_p256, and run the playbook with -e identity_rotate=true."
)


class Broken(Exception):
    """A step failed; result: its own."""

    def __init__(self, result: Dict[str, Any]) -> None:
        super().__init__(result.get("msg"))
        self.result = result


class ActionModule(InstallingActionBase):
    """Two round trips where nothing is to be done; with a new certificate, the protocol of docs/identity.md."""

    def run_with(self, _run_module: RunModule) -> Dict[str, Any]:
        crypto.require()
        return self._told(self._converge)

    def look_options(self) -> Dict[str, Any]:
        crypto.require()
        options = self._checked()
        return {"store": self._in_store(options), "tpm": self._in_tpm(options)}

    def goes_by(self) -> Dict[str, Any]:
        options = self._checked()
        authority = options["authority"]
        issuing = [path for path in (authority["certificate"], *authority["chain"]) if path]
        return {"issuing": chains.known(issuing), **{name: chains.known(options[name]) for name in _TRUSTED}}

    def judge_look(self, answer: Dict[str, Any], _earlier: Mapping[str, Any]) -> Dict[str, Any]:
        return self._told(lambda: self._foretold(answer))

    def _told(self, work: Callable[[], Dict[str, Any]]) -> Dict[str, Any]:
        """The result of the work, also where it fails."""
        self._done: List[Dict[str, Any]] = []
        self._warned: List[str] = []
        try:
            return work()
        except AnsibleConnectionFailure:
            raise
        except Broken as broken:
            return self._failed(broken.result)
        except EdgesiteError as error:
            told = {"msg": str(error), "problems": outcome.listed(error.parts or [error])}
            return self._failed({**error.details, **told})
        except AnsibleError as error:
            return self._failed({"msg": str(error)})
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            flaw = "{0}: {1}".format(type(error).__name__, error)
            return self._failed({"msg": str(host_answer.nonsense(self._device, flaw))})

    @property
    def _device(self) -> str:
        return str(self._task_vars["inventory_hostname"])

    def _failed(self, result: Dict[str, Any]) -> Dict[str, Any]:
        """The result of a step that failed, with what was done before it. What it took back itself was not done."""
        told = {name: value for name, value in result.items() if name not in ("undone", "actions")}
        done = self._done + ([] if result.get("undone") else list(result.get("actions", [])))
        return {**told, "failed": True, "actions": done, "changed": bool(done)}

    def _converge(self) -> Dict[str, Any]:
        options = self._checked()
        wanted = self._wanted(options)
        store = self._step("identity_store", self._in_store(options))
        known = self._installed(super().run_with(lambda _more: self._look(options, store)))
        found = decision.decide(wanted, store, known, options["clock_tolerance"], time.time())
        if found.action != need.NONE:
            store = self._enrolled(options, self._device, store, found)
        return self._result(store, found)

    def _foretold(self, answer: Dict[str, Any]) -> Dict[str, Any]:
        """What check mode says, by what a look at the whole host has found. answer: see identity/host/layer.py."""
        if answer.get("failed"):
            raise Broken(answer)
        options = self._checked()
        self._done.extend(answer["actions"])
        known = self._installed(self.foresee(self._known(options, answer, answer)))
        found = decision.decide(self._wanted(options), answer, known, options["clock_tolerance"], time.time())
        if found.action != need.NONE:
            self._done.append(_told_of(found))
        return self._result(answer, found)

    def _checked(self) -> Dict[str, Any]:
        """The task's options."""
        options = self.options(OPTIONS)
        wrong = asked.problems(options, self._device)
        if wrong:
            raise combined(wrong)
        authority_options.way(options["authority"])
        lacking = site_files.absent([*site_files.of_authority(options["authority"]), *options["crl_files"]])
        if lacking:
            raise EdgesiteError(
                "Missing on the controller: {0}".format(", ".join(lacking)),
                "Create the site's CA with the playbook edgesite.gpu.site_ca, or set identity_authority and "
                "identity_crl_files to yours",
            )
        return options

    def _wanted(self, options: Mapping[str, Any]) -> need.Wishes:
        revoked = self._step("identity_device", {"state_dir": options["state_dir"], "device": self._device})["revoked"]
        return decision.wishes(options, [one["serial_number"] for one in revoked])

    def _in_store(self, options: Mapping[str, Any]) -> Dict[str, Any]:
        """Options of identity_store."""
        return {
            "directory": options["directory"],
            "trust": site_files.roots(options["authority"]["roots"], "authority.roots"),
            "crl": site_files.revocations(options["crl_files"], "crl_files"),
            "clock": time.time(),
        }

    def _in_tpm(self, options: Mapping[str, Any]) -> Dict[str, Any]:
        """Options of tpm_info."""
        keys = ["{0}/{1}/key.pem".format(options["directory"], slot) for slot in SLOTS]
        return {"tcti": options["tcti"], "gather": ["keys"], "keys": keys}

    def _installed(self, known: Dict[str, Any]) -> Dict[str, Any]:
        """What the TPM says, where the programs for it could be installed."""
        if known.get("failed"):
            raise Broken(known)
        self._done.extend(known.get("actions", []))
        return known

    def _result(self, store: Dict[str, Any], found: need.Need) -> Dict[str, Any]:
        return {**store, "need": need.as_dict(found), "actions": self._done, "changed": bool(self._done)}

    def _enrolled(
        self, options: Mapping[str, Any], device: str, store: Dict[str, Any], found: need.Need
    ) -> Dict[str, Any]:
        """What is in store afterwards; in check mode, what is there now."""
        told, place = _told_of(found), len(self._done)
        if not self._task.check_mode:
            kept = {name: store[name] for name in ("before", "clock_off")}
            store = {**enrol(options, device, found, self._step), **kept}
            store["diff"] = {"before": store["before"], "after": store["after"]}
            if not store["tls13"]:
                self._warned.append(_NO_TLS13.format(device))
            if self._warned:
                store["warnings"] = self._warned
            # Part of what was told before: neither the serial number nor the chain is known then.
            told["steps"] = [step["does"] for step in self._done[place:]]
        self._done[place:] = [told]
        return store

    def _look(self, options: Mapping[str, Any], store: Mapping[str, Any]) -> Dict[str, Any]:
        """What the TPM says of the keys in both slots."""
        return self._known(options, store, self._step("tpm_info", self._in_tpm(options)))

    def _known(self, options: Mapping[str, Any], store: Mapping[str, Any], answer: Mapping[str, Any]) -> Dict[str, Any]:
        tpm = dict(answer["tpm"])
        without_programs = tpm["present"] and tpm["key_states"] is None
        if without_programs and self._task.check_mode:
            tpm["key_states"] = [_assumed(store["slots"].get(slot, {})) for slot in SLOTS]
        return {
            "tpm": tpm,
            "unread": answer["unread"],
            MISSING: list(options["packages"]) if without_programs else [],
        }

    def _step(self, name: str, options: Mapping[str, Any]) -> Dict[str, Any]:
        result = self.run_action("edgesite.gpu." + name, options)
        if result.get("failed"):
            raise Broken(result)
        self._done.extend(result.get("actions", []))
        if name == "tpm_credential":
            self._warned.extend(result.get("warnings", []))
        if name == "tpm_certificate":
            self._done.append({"does": "issue the certificate {0}".format(result["serial"]), **by(NONE)})
        return result


def _assumed(slot: Mapping[str, Any]) -> Dict[str, Any]:
    """What a run that first installs the programs for the TPM will see: a key that is there is most likely its own."""
    if not slot.get("public"):
        return _NOT_MADE
    return {"usable": True, "cause": None, "reason": None, "type": None, "public": slot["public"]}


def _told_of(found: need.Need) -> Dict[str, Any]:
    return {"does": "{0}, since {1}".format(found.action, found.why), **by(NONE)}
