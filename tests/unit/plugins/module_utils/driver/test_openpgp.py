# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import openpgp
from ansible_collections.edgesite.gpu.tests.unit.places import FIXTURES
from hypothesis import given
from hypothesis import strategies as st

DRIVER = FIXTURES / "driver"
# as 'gpg --show-keys' says
FINGERPRINTS = {
    "rsa.asc": "DCCBE2A4E8910F03449469498266F3C3BAD71495",
    "ed25519.asc": "1199E5A122A6CBAAF0CBFE1835B7DE928F131AED",
}


@pytest.mark.parametrize("name", sorted(FINGERPRINTS))
def test_fingerprint_is_that_of_gpg(name):
    key = (DRIVER / name).read_bytes()
    assert openpgp.fingerprints(key) == [FINGERPRINTS[name]]


@pytest.mark.parametrize("name", sorted(FINGERPRINTS))
def test_binary_key_and_back(name):
    key = (DRIVER / name).read_bytes()
    text = openpgp.armored(openpgp.binary(key))
    assert openpgp.is_armored(text.encode()) and openpgp.fingerprints(text.encode()) == [FINGERPRINTS[name]]


def test_every_key_of_a_file_is_told():
    keys = b"".join((DRIVER / name).read_bytes() for name in sorted(FINGERPRINTS))
    assert openpgp.fingerprints(keys) == [FINGERPRINTS[name] for name in sorted(FINGERPRINTS)]


def test_what_people_write_is_the_same_fingerprint():
    assert openpgp.normal("eb69 3b30  35cd 5710") == "EB693B3035CD5710"


@pytest.mark.parametrize("key", [b"", b"<html>404</html>", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n%%%%\n"])
def test_what_is_no_key_is_refused(key):
    with pytest.raises(EdgesiteError):
        openpgp.fingerprints(key)


@given(st.data())
def test_a_damaged_key_is_refused_or_another(data):
    key = openpgp.binary((DRIVER / "rsa.asc").read_bytes())
    place = data.draw(st.integers(0, 270))
    damaged = key[:place] + bytes([key[place] ^ data.draw(st.integers(1, 255))]) + key[place + 1 :]
    with contextlib.suppress(EdgesiteError):
        assert openpgp.fingerprints(damaged) != [FINGERPRINTS["rsa.asc"]]


@given(st.binary(max_size=300))
def test_nothing_but_an_error_comes_of_any_bytes(key):
    with contextlib.suppress(EdgesiteError):
        openpgp.fingerprints(key)
