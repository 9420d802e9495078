# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is checked of a certificate that a CA gave."""

from __future__ import annotations

import time

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.identity import csr
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.issued import Order, checked
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.identity.bench import (
    DAY,
    EC_256,
    WANTED,
    Authority,
    DeviceKey,
    LooseAuthority,
    OpensslAuthority,
    issued,
    key_usage,
)
from cryptography import x509

ROOT = Authority("Site root")
ISSUING = Authority("Site issuing", above=ROOT)
KEY = DeviceKey()
PURPOSES = x509.ExtendedKeyUsageOID
SIGNS = key_usage("digital_signature")
BOTH = x509.ExtendedKeyUsage([PURPOSES.SERVER_AUTH, PURPOSES.CLIENT_AUTH])
CODE_TOO = x509.ExtendedKeyUsage([*BOTH, PURPOSES.CODE_SIGNING])
ANY_TOO = x509.ExtendedKeyUsage([*BOTH, PURPOSES.ANY_EXTENDED_KEY_USAGE])
MINUTE = DAY / 1440


def judged(certificate, days=90, renew_before=None, wanted=WANTED, roots=(ROOT,), chain=(ISSUING,)):
    before = None if renew_before is None else renew_before * 86400.0
    order = Order(KEY.request(wanted), days, before)
    pems = [[one.pem for one in some] for some in (chain, roots)]
    return checked(order, certificate, *pems, time.time())


def refused(certificate, **more):
    with pytest.raises(EdgesiteError) as caught:
        judged(certificate, **more)
    assert caught.value.fix or "cannot be read" in caught.value.problem
    return str(caught.value)


def test_as_asked():
    found = judged(issued(KEY, ISSUING), chain=(ISSUING, ROOT))
    # The root is not sent along: whoever checks the chain has it.
    assert (found.certificate, found.chain) == (found.certificate, ISSUING.pem)


@pytest.mark.parametrize(
    ("begins", "ends", "days", "renew_before"),
    [
        (-5 * MINUTE, 90 * DAY, 90, 30),
        # a CA that gives a day and no more, one that rounds up, one that is generous to clocks
        (-1 * MINUTE, 1 * DAY, 90, None),
        (-1 * MINUTE, 1 * DAY, 90, 0),
        (-1 * MINUTE, 91 * DAY, 90, None),
        (-1 * DAY, 90 * DAY, 90, None),
    ],
)
def test_life_that_a_ca_may_give(begins, ends, days, renew_before):
    assert judged(issued(KEY, ISSUING, begins=begins, ends=ends), days, renew_before)


@pytest.mark.parametrize(
    ("begins", "ends", "more", "words"),
    [
        (-1 * DAY, 398 * DAY, {}, "for 399 days, but 90 were requested. .*identity_days"),
        (-1 * DAY, 90 * DAY, {"days": 30}, "for 91 days, but 30 were requested"),
        (-3650 * DAY, 30 * DAY, {}, "for 3680 days"),
        (-90 * DAY, -1 * DAY, {}, "not valid now, but from .* to "),
        (1 * DAY, 90 * DAY, {}, "not valid now, but from .* clocks"),
        (-1 * MINUTE, 5 * DAY, {"renew_before": 10}, "valid for 5.0 more days.*identity_renew_before"),
        (-60 * DAY, 20 * DAY, {}, "valid for 20.0 more days, so that every run would renew it"),
    ],
)
def test_life_that_nobody_asked_for(begins, ends, more, words):
    with pytest.raises(EdgesiteError, match=words):
        judged(issued(KEY, ISSUING, begins=begins, ends=ends), **more)


@pytest.mark.parametrize(
    "usages",
    [
        # as HashiCorp Vault does, and step-ca for RSA keys
        [key_usage("digital_signature", "key_encipherment", "key_agreement"), BOTH],
        [key_usage("digital_signature", "key_encipherment"), BOTH, x509.BasicConstraints(False, None)],
        [x509.BasicConstraints(False, None), x509.ExtendedKeyUsage(reversed(list(BOTH))), SIGNS],
    ],
)
def test_usages_that_a_ca_may_give(usages):
    assert judged(issued(KEY, ISSUING, usages=usages))


@pytest.mark.parametrize(
    ("usages", "words"),
    [
        ([BOTH], "it has no key usage, and so allows any"),
        ([SIGNS], "it has no extended key usage, and so allows any"),
        ([key_usage("key_encipherment"), BOTH], "its key usage lacks digitalSignature"),
        ([key_usage("digital_signature", "content_commitment"), BOTH], "its key usage has contentCommitment as well"),
        ([SIGNS, x509.ExtendedKeyUsage([PURPOSES.SERVER_AUTH])], "its extended key usage lacks clientAuth"),
        ([SIGNS, CODE_TOO], "its extended key usage has codeSigning as well"),
        ([SIGNS, ANY_TOO], "its extended key usage has anyExtendedKeyUsage as well"),
        ([SIGNS, x509.ExtendedKeyUsage([*BOTH, x509.ObjectIdentifier("1.2.3.4")])], "has 1.2.3.4 as well"),
        ([key_usage("digital_signature", "key_cert_sign"), BOTH], "it could sign certificates"),
        ([key_usage("digital_signature", "crl_sign"), BOTH], "it could sign certificates or revocation lists"),
        ([SIGNS, BOTH, x509.BasicConstraints(True, None)], "it could sign certificates"),
    ],
)
def test_usages_that_nobody_asked_for(usages, words):
    assert words in refused(issued(KEY, ISSUING, usages=usages))


def test_usages_that_were_left_open():
    open_ones = WANTED._replace(key_usage=(), extended_key_usage=())
    assert judged(issued(KEY, ISSUING, usages=[]), wanted=open_ones)
    assert "it could sign" in refused(issued(KEY, ISSUING, usages=[key_usage("key_cert_sign")]), wanted=open_ones)


@pytest.mark.parametrize(
    ("certificate", "words"),
    [
        (issued(DeviceKey(), ISSUING), "for another key"),
        (issued(KEY, ISSUING, WANTED._replace(names=(("dns", "hub"),))), "with other names"),
        (issued(KEY, ISSUING, WANTED._replace(subject=(("common_name", "hub"),))), "with other names"),
        (issued(KEY, Authority("Another")), "does not lead to authority.roots"),
        (LooseAuthority([("2.5.4.3", "Loose")]).issue(KEY.private.public_key()), "cannot be read"),
        ("nonsense", "cannot be read"),
    ],
)
def test_another_certificate(certificate, words):
    assert words in refused(certificate)


def test_chain_that_is_missing():
    assert "unable to get local issuer certificate" in refused(issued(KEY, ISSUING), chain=())


@pytest.mark.parametrize("digest", ["sha1", "md5"])
def test_weak_signatures_of_a_ca(tmp_path, digest):
    key, extensions = KEY.private.public_key(), "subjectAltName=critical,DNS:gpu-a"
    root = OpensslAuthority(tmp_path, "root", digest=digest)
    old = OpensslAuthority(tmp_path, "old", EC_256, root, digest=digest)
    asked = {"wanted": csr.request({}, ["DNS:gpu-a"], [], []), "days": 100, "roots": [root]}
    weak = root.issue(key, extensions=extensions, digest=digest)
    for certificate, chain in ((weak, []), (old.issue(key, extensions=extensions), [old])):
        assert "signature digest algorithm too weak" in refused(certificate, chain=chain, **asked)
    assert judged(root.issue(key, extensions=extensions), chain=[], **asked)
