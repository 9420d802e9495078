# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Key files: encoded and decoded, and what is no key file."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import der, tss2_pem
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm.tss2_pem import KeyFile
from ansible_collections.edgesite.gpu.tests.unit.places import FIXTURES
from hypothesis import given
from hypothesis import strategies as st

TPM = FIXTURES / "tpm"
KEY = KeyFile((TPM / "key-ecc.pub").read_bytes(), (TPM / "key-ecc.priv").read_bytes(), 0x81000001)
# what OpenSSL's provider for TPMs writes: no password, the owner's hierarchy as parent
OTHERS = der.sequence(
    der.oid("2.23.133.10.1.3"),
    der.explicit(0, der.boolean(True)),
    der.integer(0x40000001),
    der.octets(b"public"),
    der.octets(b"private"),
)


@given(st.binary(max_size=400), st.binary(max_size=400), st.integers(0, 0xFFFFFFFF))
def test_a_key_comes_back(public, private, parent):
    key = KeyFile(public, private, parent)
    assert tss2_pem.decode(tss2_pem.encode(key), "/key.pem") == key


def test_file_of_a_tpms_key():
    written = tss2_pem.encode(KEY)
    assert written.startswith("-----BEGIN TSS2 PRIVATE KEY-----\n")
    assert tss2_pem.decode(written, "/key.pem") == KEY
    # emptyAuth, so that nobody is asked for a password
    assert der.explicit(0, der.boolean(True)) in der.unpem("TSS2 PRIVATE KEY", written)


def test_file_of_another_program():
    found = tss2_pem.decode(der.pem("TSS2 PRIVATE KEY", OTHERS), "/key.pem")
    assert found == KeyFile(b"public", b"private", 0x40000001)


@given(st.one_of(st.binary(max_size=100), st.binary(max_size=40).map(lambda data: der.tlv(der.SEQUENCE, data))))
def test_any_bytes_are_refused(data):
    with pytest.raises(EdgesiteError, match="/key.pem is not a TPM key"):
        tss2_pem.decode(der.pem("TSS2 PRIVATE KEY", data), "/key.pem")


@pytest.mark.parametrize(
    "written",
    [
        "",
        der.pem("PRIVATE KEY", b"x"),
        der.pem("TSS2 PRIVATE KEY", OTHERS + b"\0"),
        # an importable key, and elements in another order
        der.pem("TSS2 PRIVATE KEY", OTHERS.replace(der.oid("2.23.133.10.1.3"), der.oid("2.23.133.10.1.4"))),
        der.pem("TSS2 PRIVATE KEY", der.sequence(der.octets(b""), der.octets(b""), der.oid("1.2"), der.integer(1))),
    ],
)
def test_no_key_files(written):
    with pytest.raises(EdgesiteError, match="is not a TPM key.*tpm_key"):
        tss2_pem.decode(written, "/key.pem")
