# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endorsement keys and their certificates, and how a TPM stands: as swtpm showed them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import der, endorsement, state
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import public as tpm_public
from ansible_collections.edgesite.gpu.tests.unit.places import FIXTURES
from hypothesis import example, given
from hypothesis import strategies as st

TPM = FIXTURES / "tpm"
RSA_CERTIFICATE = (TPM / "ek-rsa-key.der").read_bytes()


def public(name):
    return tpm_public.parse((TPM / name).read_bytes())


@pytest.mark.parametrize(
    "name, kind, hash_, branches",
    [
        ("ek-rsa.pub", "rsa2048", "sha256", 0),
        ("ek-p256.pub", "ecc_p256", "sha256", 0),
        ("ek-p384.pub", "ecc_p384", "sha384", 2),
    ],
)
def test_endorsement_keys(name, kind, hash_, branches):
    key = public(name)
    assert endorsement.is_key(key)
    assert key.kind == kind and kind in endorsement.TEMPLATES
    policy = endorsement.policy(key)
    assert policy.hash == hash_ and len(policy.branches) == branches


def test_a_policy_that_no_template_has_leaves_the_password_where_there_is_one():
    key = public("ek-p384.pub")
    assert endorsement.policy(replace(key, policy=b"other")) is None
    assert endorsement.policy(replace(key, name_hash="sha512")) is None
    assert endorsement.policy(replace(public("ek-rsa.pub"), policy=b"other")).branches == ()


@pytest.mark.parametrize("name", ["key-ecc.pub", "key-rsa.pub", "storage.pub"])
def test_other_keys(name):
    assert not endorsement.is_key(public(name))


def test_certificate_of_a_key():
    assert endorsement.kind(RSA_CERTIFICATE) == "rsa2048"
    assert endorsement.certified(RSA_CERTIFICATE, public("ek-rsa.pub"))
    for other in ("key-rsa.pub", "ek-p256.pub", "ek-p384.pub"):
        assert not endorsement.certified(RSA_CERTIFICATE, public(other))
    # of another TPM
    assert endorsement.kind((TPM / "ek-rsa.der").read_bytes()) == "rsa2048"
    assert endorsement.kind((TPM / "ek-ecc.der").read_bytes()) == "ecc_p384"
    assert not endorsement.certified((TPM / "ek-rsa.der").read_bytes(), public("ek-rsa.pub"))


@given(st.binary(max_size=100))
def test_any_bytes_are_no_certificate(data):
    assert endorsement.kind(data) is None
    assert not endorsement.certified(data, public("ek-rsa.pub"))


@given(st.data())
def test_a_damaged_certificate_is_none_or_of_another_kind(data):
    place = data.draw(st.integers(0, len(RSA_CERTIFICATE) - 1))
    damaged = RSA_CERTIFICATE[:place] + data.draw(st.binary(max_size=8)) + RSA_CERTIFICATE[place + 1 :]
    assert endorsement.kind(damaged) in (None, *endorsement.TEMPLATES)
    endorsement.certified(damaged, public("ek-rsa.pub"))


@given(st.integers(0, 4), st.binary(max_size=4))
def test_issuers_one_after_another(count, padding):
    found = endorsement.certificates(RSA_CERTIFICATE * count + b"\xff" + padding)
    assert len(found) == count
    assert all(one.startswith("-----BEGIN CERTIFICATE-----") for one in found)


def test_issuers_in_octet_strings():
    wrapped = der.octets(RSA_CERTIFICATE)
    assert endorsement.certificates(wrapped * 2 + RSA_CERTIFICATE) == [der.pem("CERTIFICATE", RSA_CERTIFICATE)] * 3


def test_handles():
    assert endorsement.is_handle(0x81010001) and not endorsement.is_handle(0x81000001)
    assert endorsement.is_issuers(0x01C00100) and not endorsement.is_issuers(0x01C00002)


def test_standing():
    found = state.parse((TPM / "properties-variable.txt").read_text())
    assert found == state.Standing(state.Lockout(False, 0, 3, 1000), False, False)


def test_standing_of_a_tpm_in_lockout():
    text = (TPM / "properties-variable.txt").read_text()
    for was, now in (
        ("inLockout:                 0", "inLockout:                 1"),
        ("ownerAuthSet:              0", "ownerAuthSet:              1"),
        ("LOCKOUT_COUNTER: 0x0", "LOCKOUT_COUNTER: 0x20"),
    ):
        assert was in text
        text = text.replace(was, now)
    found = state.parse(text)
    assert (found.lockout.in_lockout, found.lockout.counter, found.owner_auth_set) == (True, 32, True)


@given(st.one_of(st.text(), st.from_regex(r"[A-Za-z]{1,4}: ?(0x)?[0-9A-Fa-f]{1,12}", fullmatch=True)))
@example("counter: 01")
def test_any_text_is_a_standing(text):
    assert state.parse(text).lockout.counter >= 0
