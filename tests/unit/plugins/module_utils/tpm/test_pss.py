# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The salts of signatures by RSA-PSS, as openssl makes them."""

from __future__ import annotations

import hashlib
import subprocess

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import pss
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm.public import RSA, Public

DIGEST = hashlib.sha256(b"message").digest()


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, check=True, capture_output=True).stdout


class Software:
    """A key that signs with salts of any length."""

    def __init__(self, path, bits):
        self.path = str(path)
        openssl("genrsa", "-out", self.path, str(bits))
        modulus = openssl("rsa", "-in", self.path, "-noout", "-modulus").decode().strip().partition("=")[2]
        self.public = Public(b"", RSA, "sha256", frozenset(), b"", (None, None), None, int(modulus, 16), 65537)

    def sign(self, salt):
        options = ["rsa_padding_mode:pss", "digest:sha256", "rsa_pss_saltlen:" + salt]
        asked = [word for option in options for word in ("-pkeyopt", option)]
        return openssl("pkeyutl", "-sign", "-inkey", self.path, *asked, data=DIGEST)


@pytest.mark.parametrize(("bits", "longest"), [(2048, 222), (2047, 222), (2049, 222), (3072, 350)])
def test_the_length_of_a_salt_is_known(tmp_path, bits, longest):
    key = Software(tmp_path / "key", bits)
    for salt, length in (("digest", pss.SALT), ("max", longest), ("0", 0), ("20", 20)):
        assert pss.salt_length(key.public, DIGEST, key.sign(salt)) == length


def test_what_is_no_signature_of_the_key(tmp_path):
    key, other = Software(tmp_path / "key", 2048), Software(tmp_path / "other", 2048)
    for signature in (other.sign("digest"), b"", b"\xff" * 256, bytes(256)):
        assert pss.salt_length(key.public, DIGEST, signature) is None
    assert pss.salt_length(key.public, bytes(32), key.sign("digest")) is None
