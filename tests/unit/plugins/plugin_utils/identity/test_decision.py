# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the way of deciding what a host's identity needs."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.decision import decide, wishes

NOT_MADE = {"usable": False, "cause": "missing", "reason": "not there"}
OPTIONS = {
    "subject": {"common_name": "gpu-a"},
    "subject_alt_name": [],
    "key_usage": [],
    "extended_key_usage": [],
    "key_type": "ecc_p256",
    "authority": {"roots": []},
    "days": 90,
    "renew_before": "",
    "rotate": False,
}


def decided(active=None, off=0, keys=(NOT_MADE, NOT_MADE), unread=(), **options):
    store = {"active": active, "slots": {}, "clock_off": off}
    known = {"tpm": {"key_states": keys and list(keys)}, "unread": list(unread)}
    return decide(wishes({**OPTIONS, **options}, []), store, known, 300, 0)


def refused(**changes):
    with pytest.raises(EdgesiteError) as error:
        decided(**changes)
    return str(error.value)


def test_new_host():
    assert decided().action == "enrol"


@pytest.mark.parametrize(("off", "words"), [(-3 * 365 * 86400, "behind"), (86400, "ahead of")])
def test_clock_that_is_wrong(off, words):
    problem = refused(off=off)
    assert words in problem and "chrony" in problem


def test_clock_that_is_a_little_off():
    assert decided(off=200).action == "enrol"


def test_host_without_a_tpm():
    assert refused(keys=None).startswith("The host has no TPM. Enable it")


def test_why_the_tpm_cannot_be_used():
    unread = [{"what": "tpm", "why": "tpm2_getcap did not answer within 30 s", "fix": "Look for 'tpm' in dmesg"}]
    assert refused(keys=None, unread=unread) == (
        "The host's TPM cannot be used: tpm2_getcap did not answer within 30 s. Look for 'tpm' in dmesg."
    )


def test_tpm_that_cannot_say():
    busy = {"usable": False, "cause": "tpm", "reason": "The TPM is in lockout. Wait."}
    assert refused(active="a", keys=[busy, NOT_MADE]) == (
        "The TPM could not be queried for the host's key: The TPM is in lockout. Wait. Run again when the TPM answers."
    )


@pytest.mark.parametrize("renew_before", ["90", "1000", "-1", "soon", "nan"])
def test_renewal_that_every_run_would_do(renew_before):
    words = "renew_before is '{0}', but has to be a number of days less than days, which is 90. Set fewer days"
    assert words.format(renew_before) in refused(renew_before=renew_before)


@pytest.mark.parametrize("renew_before", ["0", "89.9", "", None])
def test_renewal_in_time(renew_before):
    assert decided(renew_before=renew_before).action == "enrol"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"subject_alt_name": ["gpu-a"]}, "DNS:"),
        ({"subject": {"organizational_unit": 17}}, "subject.organizational_unit is 17, which is not text"),
    ],
)
def test_names_that_no_certificate_can_have(changes, words):
    assert words in refused(**changes)
