# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role identity is told."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.filter.identity import identity_need

NOT_MADE = {"usable": False, "cause": "missing", "reason": "not there"}


@pytest.fixture
def wanted(tmp_path):
    return {
        "subject": {"common_name": "gpu-a"},
        "subject_alt_name": [],
        "key_usage": [],
        "extended_key_usage": [],
        "type": "ecc_p256",
        "roots": [],
        "revoked": [],
        "days": 90,
        "renew_before": "",
        "rotate": False,
        "clock_tolerance": 300,
    }


def store(active=None, off=0):
    return {"active": active, "slots": {}, "clock_off": off}


def test_new_host(wanted):
    assert identity_need(store(), [NOT_MADE, NOT_MADE], wanted)["action"] == "enrol"


@pytest.mark.parametrize(("off", "words"), [(-3 * 365 * 86400, "behind"), (86400, "ahead of")])
def test_clock_that_is_wrong(wanted, off, words):
    found = identity_need(store(off=off), [NOT_MADE, NOT_MADE], wanted)
    assert words in found["problem"] and "chrony" in found["problem"] and found["action"] == "none"


def test_clock_that_is_a_little_off(wanted):
    assert "problem" not in identity_need(store(off=200), [NOT_MADE, NOT_MADE], wanted)


def test_host_without_a_tpm(wanted):
    assert identity_need(store(), None, wanted)["problem"].startswith("The host has no TPM. Enable it")


def test_why_the_tpm_cannot_be_used(wanted):
    unread = [{"what": "tpm", "why": "tpm2_getcap did not answer within 30 s", "fix": "Look for 'tpm' in dmesg"}]
    assert identity_need(store(), None, wanted, unread)["problem"] == (
        "The host's TPM cannot be used: tpm2_getcap did not answer within 30 s. Look for 'tpm' in dmesg."
    )


def test_tpm_that_cannot_say(wanted):
    busy = {"usable": False, "cause": "tpm", "reason": "The TPM is in lockout. Wait."}
    found = identity_need(store("a"), [busy, NOT_MADE], wanted)
    assert found == {
        "action": "none",
        "problem": "The TPM could not be asked for the host's key: The TPM is in lockout. Wait.",
    }


@pytest.mark.parametrize("renew_before", ["90", "1000", "-1", "soon", "nan"])
def test_renewal_that_every_run_would_do(wanted, renew_before):
    wanted["renew_before"] = renew_before
    problem = identity_need(store(), [NOT_MADE, NOT_MADE], wanted)["problem"]
    assert (
        "identity_renew_before '{0}' is not a number of days between 0 and identity_days, 90".format(renew_before)
        in problem
    )


@pytest.mark.parametrize("renew_before", ["0", "89.9", "", None, 30])
def test_renewal_in_time(wanted, renew_before):
    wanted["renew_before"] = renew_before
    assert "problem" not in identity_need(store(), [NOT_MADE, NOT_MADE], wanted)


def test_names_that_no_certificate_can_have(wanted):
    wanted["subject_alt_name"] = ["gpu-a"]
    assert "DNS:" in identity_need(store(), [NOT_MADE, NOT_MADE], wanted)["problem"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"subject": {"organizational_unit": 17}}, "subject.organizational_unit is 17, which is not text"),
        ({"subject_alt_name": [5]}, "subject_alt_name[0] is 5, which is not text"),
    ],
)
def test_names_that_yaml_made_numbers_of(wanted, changes, words):
    found = identity_need(store(), [NOT_MADE, NOT_MADE], {**wanted, **changes})
    assert found["action"] == "none" and words in found["problem"] and "in quotes" in found["problem"]
