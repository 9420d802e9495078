# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CA's keys are encrypted, those from before and those that are made."""

from __future__ import annotations

import os

import pytest
from ansible_collections.edgesite.gpu.plugins.filter.site_ca import site_ca_problem
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

PASSPHRASES = {"site_ca_passphrase": "correct-horse", "site_ca_root_passphrase": "battery-staple"}


def key(path, form=PrivateFormat.PKCS8, passphrase=None):
    protection = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    path.write_bytes(ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, form, protection))


def test_folder_that_is_not_made_yet(tmp_path):
    assert site_ca_problem(PASSPHRASES, str(tmp_path / "ca")) == ""


def test_text_of_a_vault(tmp_path):
    class Encrypted:
        def __init__(self, text):
            self.text = text

        def __str__(self):
            return self.text

    assert site_ca_problem({"site_ca_passphrase": Encrypted("correct-horse")}, str(tmp_path)) == ""
    assert "is empty" in site_ca_problem({"site_ca_passphrase": Encrypted(" ")}, str(tmp_path))


@pytest.mark.parametrize("option", sorted(PASSPHRASES))
@pytest.mark.parametrize("value", ["", " ", "\n", None, 12345678, True, ["a"], {"a": "b"}])
def test_passphrase_that_encrypts_nothing(tmp_path, option, value):
    problem = site_ca_problem({**PASSPHRASES, option: value}, str(tmp_path))
    assert problem.startswith(option + " is ") and "in quotes" in problem and "identity_ca_passphrase" in problem
    assert "12345678" not in problem


@pytest.mark.parametrize("folder", [17, None, ["/srv/ca"], "/srv/\0", "~\0", "/srv/\ud800"])
def test_folder_that_is_none(folder):
    problem = site_ca_problem(PASSPHRASES, folder)
    assert "site_ca_dir" in problem and problem.isprintable()


def test_passphrases_without_names():
    assert "by the names of their variables" in site_ca_problem("secret", "/srv/ca")


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_keys_from_before(tmp_path, form):
    key(tmp_path / "root.key", form, b"battery-staple")
    key(tmp_path / "issuing.key", form, b"correct-horse")
    assert site_ca_problem(PASSPHRASES, str(tmp_path)) == ""
    key(tmp_path / "issuing.key", form)
    problem = site_ca_problem(PASSPHRASES, str(tmp_path))
    assert problem.startswith("Not encrypted: {0}/issuing.key".format(tmp_path))
    assert "openssl pkcs8 -topk8 -in {0}/issuing.key ".format(tmp_path) in problem and "root.key" not in problem
    key(tmp_path / "root.key", form)
    assert "{0}/root.key, {0}/issuing.key".format(tmp_path) in site_ca_problem(PASSPHRASES, str(tmp_path))


def test_path_as_users_write_it(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    key(tmp_path / "root.key")
    assert str(tmp_path / "root.key") in site_ca_problem(PASSPHRASES, "~")


def test_what_is_no_key_is_for_others_to_judge(tmp_path):
    (tmp_path / "root.key").write_bytes(os.urandom(100))
    assert site_ca_problem(PASSPHRASES, str(tmp_path)) == ""


def test_key_that_cannot_be_read(tmp_path):
    (tmp_path / "root.key").mkdir()
    assert "Cannot read {0}/root.key: Is a directory".format(tmp_path) in site_ca_problem(PASSPHRASES, str(tmp_path))


@pytest.mark.parametrize("days", [None, {}, {"site_ca_crl_days": "30"}, {"site_ca_issuing_renew_before": 0}])
def test_days_that_certificates_can_have(tmp_path, days):
    assert site_ca_problem(PASSPHRASES, str(tmp_path), days) == ""


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ({"site_ca_root_days": 999999}, "site_ca_root_days is 999999, but has to be 1 to 36500 days"),
        ({"site_ca_crl_days": 0}, "site_ca_crl_days is 0, but has to be 1 to 36500 days"),
        ({"site_ca_issuing_renew_before": -1}, "site_ca_issuing_renew_before is -1, but has to be 0 to 36500 days"),
        ({"site_ca_crl_days": "many"}, "site_ca_crl_days is 'many', but has to be a whole number"),
        ({"site_ca_crl_days": 10**400}, "The option 'site_ca_crl_days' has a number that is too large"),
        ([5], "takes days by the names of their variables"),
    ],
)
def test_days_that_no_certificate_can_have(tmp_path, days, words):
    assert words in site_ca_problem(PASSPHRASES, str(tmp_path), days)
