# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How systemd-cryptenroll is asked, release by release; what headers say after that is in shapes/luks2_header."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.storage import policy
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.host import policies
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.luks2 import Seal, digest
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.policy import Means

KEY, SIGNATURE, PCRLOCK = "/run/systemd/key.pem", "/run/systemd/signature.json", "/var/lib/systemd/pcrlock.json"


def means(release):
    return Means(release, KEY, "digest", SIGNATURE, PCRLOCK)


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        (250, "--tpm2-pcrs="),
        (252, "--tpm2-pcrs= --tpm2-public-key-pcrs="),
        (257, "--tpm2-pcrs= --tpm2-public-key= --tpm2-pcrlock="),
        (261, "--tpm2-pcrs= --tpm2-public-key= --tpm2-pcrlock="),
    ],
)
def test_nothing_is_bound_that_was_not_asked_for(release, expected):
    assert " ".join(policy.arguments(Seal(), means(release))) == expected


@pytest.mark.parametrize("release", [253, 255, 256])
def test_releases_that_take_a_public_key_in_any_case(release):
    with pytest.raises(EdgesiteError, match="would bind volumes to the public key {0} too".format(KEY)):
        policy.arguments(Seal((7,)), means(release))
    without = policy.arguments(Seal((7,)), Means(release))
    assert [word for word in without if "public-key" in word] == []
    assert "--tpm2-pcrlock=" in without or release < 255


@pytest.mark.parametrize(
    ("release", "pcrlock", "expected"),
    [
        (252, False, ""),
        (255, False, " --tpm2-pcrlock="),
        (257, True, " --tpm2-pcrlock=" + PCRLOCK),
    ],
)
def test_what_lives_through_updates(release, pcrlock, expected):
    seal = policy.seal((7, 8), (11, 12), pcrlock, means(release))
    assert seal == Seal((7, 8), (11, 12), "digest", pcrlock)
    assert " ".join(policy.arguments(seal, means(release))) == (
        "--tpm2-pcrs=7+8 --tpm2-public-key={0} --tpm2-public-key-pcrs=11+12 --tpm2-signature={1}{2}".format(
            KEY, SIGNATURE, expected
        )
    )


@pytest.mark.parametrize(
    ("signed", "pcrlock", "found", "says"),
    [
        ((11,), False, means(250), "signed_pcrs needs systemd 252, but this host has 250"),
        ((11,), False, Means(257), "no tpm2-pcr-public-key.pem and no tpm2-pcr-signature.json in /etc/systemd"),
        ((11,), False, Means(257, KEY, "digest"), "no tpm2-pcr-signature.json in /etc/systemd, /run/systemd"),
        ((), True, means(252), "pcrlock needs systemd 255, but this host has 252"),
        ((), True, Means(257), "no pcrlock.json in /run/systemd or /var/lib/systemd"),
        ((11,), True, means(255), "signed_pcrs together with pcrlock needs systemd 257, but this host has 255"),
    ],
)
def test_what_the_host_lacks_is_told(signed, pcrlock, found, says):
    with pytest.raises(EdgesiteError) as caught:
        policy.seal((), signed, pcrlock, found)
    assert says in str(caught.value)
    assert "Set storage_" in str(caught.value) or "or set storage_" in str(caught.value)


def test_all_that_the_host_lacks_is_told_at_once():
    with pytest.raises(EdgesiteError) as caught:
        policy.seal((), (11,), True, Means(252))
    assert len(caught.value.parts) == 3


def test_what_is_one_to_the_tpm():
    wanted = Seal((7,), (11,), "key")
    assert policy.alike(wanted, wanted) and policy.alike(Seal((7,), (), "key"), wanted)
    for other in (Seal((7,)), Seal((), (11,), "key"), Seal((7,), (11,), "other"), wanted._replace(pin=True)):
        assert not policy.alike(other, wanted)


@pytest.mark.parametrize(
    ("seal", "said"),
    [
        (Seal(), ""),
        (Seal((0, 7)), "PCRs 0+7"),
        (Seal((7,), (11,), "key", True), "PCRs 7 and signed PCRs 11 and the pcrlock policy"),
    ],
)
def test_a_policy_in_words(seal, said):
    assert policy.words(seal) == said


def test_the_host_is_read_in_the_order_in_which_systemd_looks(tmp_path, monkeypatch):
    monkeypatch.setattr(policies, "FOLDERS", [str(tmp_path / "etc"), str(tmp_path / "run")])
    monkeypatch.setattr(policies, "PCRLOCK_FOLDERS", [str(tmp_path / "var")])
    assert policies.look(257) == Means(257)
    for name in ("etc", "run", "var"):
        (tmp_path / name).mkdir()
        (tmp_path / name / policy.PUBLIC_KEY).write_text(name)
    (tmp_path / "run" / policy.SIGNATURE).write_text("{}")
    (tmp_path / "var" / policy.PCRLOCK).write_text("{}")
    assert policies.look(252) == Means(
        252,
        str(tmp_path / "etc" / policy.PUBLIC_KEY),
        digest(b"etc"),
        str(tmp_path / "run" / policy.SIGNATURE),
        str(tmp_path / "var" / policy.PCRLOCK),
    )
