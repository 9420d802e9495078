# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An identity gets what check mode says, from whatever is in its folder, with the programs for the TPM and without."""

from __future__ import annotations

import random
import time

import pytest
from ansible_collections.edgesite.gpu.plugins.action.identity import OPTIONS
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity import device_certificate, request_options
from ansible_collections.edgesite.gpu.tests.unit.plugins.action.test_identity import SITE, Host, _defaults
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.plan_is_run import listed, same
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.identity.bench import DAY, DeviceKey, issued

DRIFTS = 60
KEYS = [DeviceKey() for _number in range(3)]
QUIET = {"disruption": "none", "of": []}


class Device:
    """What a host keeps: keys and certificates by slot, the CA's files, the programs for the TPM. lost: its TPM has
    none of the keys."""

    def __init__(self):
        self.keys, self.certificates, self.active, self.trust = {}, {}, None, None
        self.lost, self.tools, self.revoked = False, True, []

    def slot(self, name):
        there = name in self.keys
        return {
            "key": there,
            "public": self.keys[name].encoded if there else None,
            "certificate": self.certificates.get(name),
            "chain": "",
        }

    def key(self, name):
        if name not in self.keys or self.lost:
            return {"usable": False, "cause": "missing", "reason": "not there", "type": None, "public": None}
        return {"usable": True, "cause": None, "reason": None, "type": "ecc_p256", "public": self.keys[name].encoded}


class Run(Host):
    """A task on a device, whose steps do what they say."""

    def __init__(self, folder, device, check, **options):
        super().__init__(folder, check=check, tools=device.tools, **options)
        self.device, self.check = device, check

    def _other(self, name, arguments):
        if name == "ansible.builtin.package":
            self.device.tools = True
            return {"changed": True}
        name = name.rpartition(".")[2]
        step = getattr(self, name, None)
        return step(arguments) if step else self.said[name]

    def identity_device(self, _arguments):
        return {"revoked": [{"serial_number": one} for one in self.device.revoked]}

    def identity_store(self, arguments):
        device, actions = self.device, []
        if arguments.get("trust") not in (None, device.trust):
            actions.append({"does": "replace trust.pem", **QUIET})
            device.trust = device.trust if self.check else arguments["trust"]
        if arguments.get("slot"):
            device.active = arguments["slot"]
            device.certificates[device.active] = arguments["certificate"]
            actions.append({"does": "use the key and certificate in slot " + device.active, **QUIET})
        slots = {name: device.slot(name) for name in "ab"}
        shown = {"active": device.active}
        return {
            "actions": actions,
            "before": shown,
            "after": shown,
            "active": device.active,
            "slots": slots,
            "clock_off": 0,
        }

    def tpm_info(self, _arguments):
        keys = [self.device.key(name) for name in "ab"] if self.device.tools else None
        return {"tpm": {"present": True, "key_states": keys, "endorsement": ["E"]}, "unread": []}

    def tpm_key(self, arguments):
        slot = arguments["path"].split("/")[-2]
        if arguments["regenerate"] == "never" and slot in self.device.keys:
            return {"path": arguments["path"], "actions": []}
        self.device.keys[slot], self.device.lost = random.choice(KEYS), False
        return {"path": arguments["path"], "actions": [{"does": "create a key in slot " + slot, **QUIET}]}

    def tpm_certificate(self, _arguments):
        made = certificate(self.device.keys[self.asked], {})
        return {"certificate": made, "chain": "", "serial": "%x" % random.getrandbits(64), "not_after": "2027"}

    def tpm_csr(self, arguments):
        self.asked = arguments["path"].split("/")[-2]
        return {"public": "P", "csr": "R", "tls13": True}


def certificate(key, more, name="gpu-1"):
    wanted = request_options.wanted({**_defaults(OPTIONS), "subject": {"common_name": name}})
    return issued(key, SITE, wanted, **{"begins": -1 * DAY, "ends": 89 * DAY, **more})


def drifted(chance):
    """A host that was enrolled, mostly, and what happened to it since."""
    device = Device()
    device.tools = chance.random() < 0.7
    device.trust = chance.choice([SITE.pem.rstrip(), "another root", None])
    if chance.random() < 0.2:
        return device
    device.active = chance.choice("ab")
    key = device.keys[device.active] = chance.choice(KEYS)
    made = chance.choice(
        [
            certificate(key, {}),
            certificate(key, {"ends": chance.randint(-5, 20) * DAY, "begins": -80 * DAY}),
            certificate(key, {}, name="gpu-2"),
            certificate(DeviceKey(), {}),
            "nonsense",
        ]
    )
    device.certificates[device.active] = made
    if made != "nonsense" and chance.random() < 0.2:
        device.revoked = [device_certificate.read(made).serial_number]
    # Whether a TPM has lost its keys is seen by its programs alone.
    device.lost = device.tools and chance.random() < 0.2
    return device


def task(folder, device, **options):
    return lambda check: Run(folder, device, check, **options).result()


def test_check_mode_says_what_a_run_does(tmp_path):
    acted = 0
    for number in range(DRIFTS):
        chance = random.Random(number)
        device, before = drifted(chance), chance.choice([None, "10"])
        acted += bool(same(task(tmp_path, device, renew_before=before)))
    assert acted > DRIFTS // 2


@pytest.mark.parametrize("tools", [True, False])
def test_key_that_is_asked_for_anew(tmp_path, tools):
    device = Device()
    listed(Run(tmp_path, device, False).result())
    device.tools = tools
    told, done = (listed(Run(tmp_path, device, check, rotate=True).result()) for check in (True, False))
    assert told == done and told[-1][0] == "rotate, since a new key was asked for"


def test_reason_is_the_same_on_the_day_after(tmp_path, monkeypatch):
    device = Device()
    key = device.keys["a"] = KEYS[0]
    device.active, device.trust = "a", SITE.pem.rstrip()
    device.certificates["a"] = certificate(key, {"ends": 20 * DAY, "begins": -80 * DAY})
    told = listed(Run(tmp_path, device, True).result())
    now = time.time() + 86400
    monkeypatch.setattr("time.time", lambda: now)
    assert listed(Run(tmp_path, device, True).result()) == told != []
