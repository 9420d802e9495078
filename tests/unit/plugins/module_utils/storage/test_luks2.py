# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""LUKS2 headers, as cryptsetup writes them."""

from __future__ import annotations

import json
import struct

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.storage import luks2
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.luks2 import Seal
from hypothesis import given
from hypothesis import strategies as st

CONTENT = {
    "keyslots": {"0": {}, "1": {}, "10": {}},
    "tokens": {
        "0": json.loads(luks2.recovery_token(0, "aa", 1, "CMS 1")),
        "1": {"type": "systemd-tpm2", "keyslots": ["1"], "tpm2-pcrs": [7, 0]},
        "2": json.loads(luks2.recovery_token(10, "bb", 2, "CMS 2")),
        "3": {"type": "systemd-fido2", "keyslots": []},
        "4": json.loads(luks2.recovery_token(5, "cc", 3, "its slot is gone")),
        "5": {"type": "systemd-tpm2", "keyslots": [], "tpm2-pcrs": [7]},
    },
    "segments": {"0": {"type": "crypt", "encryption": "aes-xts-plain64"}},
}


UUID = "5b0e1c36-7a29-4b5f-9d7e-0c6a3f2b1d48"


def binary(content, version=2, magic=luks2.MAGIC, uuid=UUID, subsystem="edgesite.gpu"):
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    fields = (magic, version, 16384, 3, b"", b"sha256", b"s" * 64, uuid.encode(), subsystem.encode())
    return (struct.pack(">6sHQQ48s32s64s40s48s", *fields).ljust(4096, b"\0") + text).ljust(1 << 20, b"\0")


def test_a_header_is_read():
    header = luks2.parse(binary(CONTENT), "/dev/vdb")
    assert (header.uuid, header.subsystem, header.cipher) == (UUID, "edgesite.gpu", "aes-xts-plain64")
    assert header.slots == (0, 1, 10)
    assert header.tpm == (Seal((0, 7)),)
    assert [(entry.token, entry.slot, entry.certificate) for entry in header.recovery] == [(0, 0, "aa"), (2, 10, "bb")]


@given(st.sampled_from([b"", b"{", b"[]", b"{}", b"\xff", b'{"segments": 7}']), st.sampled_from(["", "x", "\u00e9"]))
def test_what_is_in_the_header_of_somebody_else_does_not_matter(content, subsystem):
    assert luks2.parse(binary(content, subsystem=subsystem, uuid="no UUID"), "/dev/vdb").slots == ()


@pytest.mark.parametrize(
    "start",
    [b"", b"\0" * 8192, luks2.MAGIC + b"\0\2", binary(CONTENT, version=1), binary(CONTENT, magic=b"SKUL\xba\xbe")],
)
def test_what_is_none(start):
    assert luks2.parse(start, "/dev/vdb") is None


@given(st.sampled_from([b"", b"{", b"[]", b"{}", b'{"keyslots": {}, "tokens": {"0": 1}, "segments": {}}', b"\xff"]))
def test_a_damaged_header_is_an_error(content):
    with pytest.raises(EdgesiteError, match="cannot be read"):
        luks2.parse(binary(content), "/dev/vdb")


@pytest.mark.parametrize("uuid", ["", "1111-2222", "../../ca/root", UUID[:-1] + "\n", "a\nroot UUID=1 none luks"])
def test_a_uuid_that_is_none_goes_no_further(uuid):
    """It becomes a part of a line in crypttab, and of a file's name on the controller."""
    with pytest.raises(EdgesiteError, match="cannot be read.* is not a UUID"):
        luks2.parse(binary(CONTENT, uuid=uuid), "/dev/vdb")


def test_the_new_slot_is_the_one_that_was_not_there():
    before = luks2.parse(binary(CONTENT), "/dev/vdb")
    assert luks2.new_slot(before, before._replace(slots=(0, 1, 2, 10))) == 2
    with pytest.raises(EdgesiteError, match="0 key slots were added"):
        luks2.new_slot(before, before)
