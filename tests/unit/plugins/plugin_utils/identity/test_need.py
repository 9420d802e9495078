# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's identity needs."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.identity import csr
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.need import Wishes, need, unusable
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.identity import bench
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.identity.bench import (
    DAY,
    EC_256,
    NOW,
    WANTED,
    Authority,
    DeviceKey,
    OpensslAuthority,
    key_usage,
)
from cryptography import x509

ROOT = Authority("Site root")
ISSUING = Authority("Site issuing", above=ROOT)
OTHER_ROOT = Authority("Another root")
KEY = DeviceKey()


def issued(key=KEY, signer=ISSUING, **more):
    return bench.issued(key, signer, **{"begins": -30 * DAY, **more})


def usable(key=KEY):
    return {"usable": True, "cause": None, "reason": None, "type": key.public.kind, "public": key.encoded}


def not_usable(cause="missing"):
    return {"usable": False, "cause": cause, "reason": "what the TPM said", "type": None, "public": None}


def found(active="a", cert=None, chain=ISSUING.pem):
    slots = {slot: {"key": False, "certificate": None, "chain": None} for slot in "ab"}
    if active:
        slots[active] = {"key": True, "certificate": cert, "chain": chain}
    return {"active": active, "slots": slots, "now": NOW.timestamp()}


def wishes(**changes):
    return Wishes(WANTED, "ecc_p256", [ROOT.pem], [], None, False)._replace(**changes)


def judged(store, keys=None, now=NOW, **changes):
    return need(store, keys or [usable(), not_usable()], wishes(**changes), now.timestamp())


def test_new_host_gets_a_key_and_a_certificate():
    assert judged(found(None), [not_usable(), not_usable()])[:3] == ("enrol", "a", "it has no certificate yet")
    assert judged(found(None), [not_usable(), not_usable()]).new_key


def test_key_of_a_run_that_was_broken_off_is_used():
    assert judged(found(None)) == ("enrol", "a", "it has no certificate yet", False)
    assert judged(found(None), type="rsa2048").new_key
    assert judged(found(None), rotate=True).new_key


def test_good_certificate_is_left_alone():
    assert judged(found(cert=issued())).action == "none"
    assert judged(found("b", issued()), [not_usable(), usable()]).slot == "b"


@pytest.mark.parametrize(
    ("days", "renew_before", "action"),
    [
        # of 90 days in all
        (31, None, "none"),
        (29, None, "renew"),
        (11, 10, "none"),
        (9, 10, "renew"),
        (-1, 10, "renew"),
        (1, 0, "none"),
    ],
)
def test_renewal_before_the_end(days, renew_before, action):
    cert = issued(begins=(days - 90) * DAY, ends=days * DAY)
    seconds = None if renew_before is None else renew_before * 86400.0
    result = judged(found(cert=cert), renew_before=seconds)
    assert (result.action, result.slot, result.new_key) == (action, "a", False)


@pytest.mark.parametrize(
    ("store", "words"),
    [
        (found(cert=None), "no certificate that can be read"),
        (found(cert="nonsense"), "no certificate that can be read"),
        (found(cert=issued(DeviceKey())), "for another key"),
        (found(cert=issued(wanted=WANTED._replace(names=(("dns", "gpu-b"),)))), "names differ from those"),
        (found(cert=issued(wanted=WANTED._replace(subject=(("common_name", "gpu-b"),)))), "names differ from those"),
        (found(cert=issued(signer=OTHER_ROOT)), "does not lead to a trusted root"),
        (found(cert=issued(), chain=""), "does not lead to a trusted root"),
        (found(cert=issued(), chain="half of one"), "chain cannot be read"),
        (found(cert=issued(), chain=ISSUING.pem * 21), "chain cannot be read"),
        (found(cert=issued(usages=[])), "something other than wanted: it has no key usage"),
        (found(cert=issued(usages=[key_usage("digital_signature", "key_cert_sign")])), "could sign certificates"),
    ],
)
def test_certificate_that_is_not_as_wanted_is_renewed(store, words):
    result = judged(store)
    assert result.action == "renew" and words in result.why and not result.new_key


def test_chain_that_is_too_weak_is_replaced(tmp_path):
    root = OpensslAuthority(tmp_path, "root")
    old = OpensslAuthority(tmp_path, "old", EC_256, root, digest="sha1")
    cert = old.issue(KEY.private.public_key(), extensions="subjectAltName=critical,DNS:gpu-a")
    wanted = csr.request({}, ["DNS:gpu-a"], [], [])
    result = judged(found(cert=cert, chain=old.pem), request=wanted, trust=[root.pem])
    assert result.action == "renew" and "signature digest algorithm too weak (CN=old)" in result.why


def test_revoked_certificate_takes_its_key_with_it():
    cert = issued()
    serial = x509.load_pem_x509_certificate(cert.encode()).serial_number
    assert judged(found(cert=cert), revoked=[serial]) == ("rotate", "b", "the certificate is revoked", True)


@pytest.mark.parametrize(("active", "other"), [("a", "b"), ("b", "a")])
def test_new_key_goes_into_the_other_slot(active, other):
    keys = [usable(), usable()]
    assert judged(found(active, issued()), keys, rotate=True)[:2] == ("rotate", other)
    assert judged(found(active, issued()), keys, type="rsa2048")[:2] == ("rotate", other)
    lost = [not_usable("foreign"), not_usable("foreign")]
    result = judged(found(active, issued()), lost)
    assert (result.action, result.slot, result.new_key) == ("enrol", other, True) and "what the TPM said" in result.why


@pytest.mark.parametrize("cause", ["lockout", "busy", "no_tpm"])
def test_key_that_cannot_be_tried_decides_nothing(cause):
    assert unusable([not_usable(cause), not_usable()], "a")["cause"] == cause
    assert unusable([usable(), not_usable(cause)], "a") is None
    assert unusable([not_usable(), not_usable()], None) is None


@pytest.mark.parametrize("cause", ["foreign", "missing"])
def test_lost_key_can_be_made_anew(cause):
    assert unusable([not_usable(cause), not_usable()], "a") is None
