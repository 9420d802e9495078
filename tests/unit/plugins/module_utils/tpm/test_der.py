# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Distinguished encoding: what is encoded is decoded again, and nothing else is taken."""

from __future__ import annotations

import time
from functools import partial

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import der
from hypothesis import given
from hypothesis import strategies as st

TAGS = st.sampled_from([der.INTEGER, der.BIT_STRING, der.OCTET_STRING, der.SEQUENCE, der.SET, 0x82, 0xA0])


@given(st.lists(st.tuples(TAGS, st.binary(max_size=300))))
def test_elements_come_back(elements):
    assert der.elements(b"".join(der.tlv(*one) for one in elements)) == elements


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65535, 65536])
def test_lengths_are_the_shortest_there_are(size):
    encoded = der.tlv(der.OCTET_STRING, bytes(size))
    assert len(encoded) - size == 2 + (0 if size < 128 else (size.bit_length() + 7) // 8)
    assert der.only(der.OCTET_STRING, encoded) == bytes(size)


@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(data):
    try:
        found = der.elements(data)
    except der.NotDer:
        return
    assert sum(len(content) for _tag, content in found) <= len(data)


@given(TAGS, st.binary(max_size=300), st.data())
def test_what_is_cut_off_is_refused(tag, content, data):
    encoded = der.tlv(tag, content)
    cut = data.draw(st.integers(0, len(encoded) - 1))
    with pytest.raises(der.NotDer):
        der.split(encoded[:cut])


@given(st.integers(0, 1 << 2048))
def test_numbers(number):
    content = der.only(der.INTEGER, der.integer(number))
    assert int.from_bytes(content, "big", signed=True) == number
    assert len(content) == 1 or content[0] != 0 or content[1] & 0x80


@pytest.mark.parametrize(
    "dotted, encoded",
    [
        ("1.2.840.113549.1.1.11", "06092a864886f70d01010b"),
        ("2.5.29.17", "0603551d11"),
        ("2.23.133.10.1.3", "06066781050a0103"),
        ("1.2.840.10045.3.1.7", "06082a8648ce3d030107"),
        ("2.999.128", "060488378100"),
    ],
)
def test_object_identifiers(dotted, encoded):
    assert der.oid(dotted).hex() == encoded


@pytest.mark.parametrize(
    "numbers, encoded",
    [([], "030100"), ([0], "03020780"), ([0, 2], "030205a0"), ([5, 6], "03020106"), ([8], "0303070080")],
)
def test_flags(numbers, encoded):
    assert der.named_bits(numbers).hex() == encoded


@given(st.lists(st.binary(max_size=8)))
def test_a_set_is_sorted(contents):
    encoded = der.set_of(*(der.octets(one) for one in contents))
    inner = [der.octets(content) for _tag, content in der.elements(der.only(der.SET, encoded))]
    assert inner == sorted(der.octets(one) for one in contents)


@given(st.binary(max_size=300), st.text(max_size=50))
def test_pem_with_anything_around_it(content, around):
    written = around.replace("-----", "") + "\n" + der.pem("A KEY", content) + around.replace("-----", "")
    assert der.unpem("A KEY", written) == content


@pytest.mark.parametrize(
    "written, why",
    [
        ("", "exactly one PEM block"),
        (der.pem("A KEY", b"x") * 2, "exactly one PEM block"),
        (der.pem("OTHER", b"x"), "exactly one PEM block"),
        (der.pem("OTHER", b"x") + der.pem("A KEY", b"x"), "exactly one PEM block"),
        (der.pem("A KEY", b"x") + "-----BEGIN OTHER-----\n", "one of its PEM blocks has no matching END line"),
        ("-----BEGIN A KEY-----\nAAA\n-----END A KEY-----\n", "damaged"),
        ("-----BEGIN A KEY-----\nAAAÄ\n-----END A KEY-----\n", "damaged"),
    ],
)
def test_damaged_pem(written, why):
    with pytest.raises(der.NotDer, match=why):
        der.unpem("A KEY", written)


@given(st.text(max_size=200))
def test_any_text_is_pem_or_refused(written):
    with pytest.raises(der.NotDer):
        der.unpem("A KEY", written)
    with pytest.raises(der.NotDer):
        der.unpem("A KEY", "-----BEGIN A KEY-----\n!" + written)


def test_blocks_with_some_labels():
    written = "text\n" + der.pem("A", b"1") + der.pem("B", b"2") + "text " + der.pem("C D", b"3") + "-----END A-----"
    assert der.unpem_all(["A", "C D"], written) == [b"1", b"3"]
    assert der.unpem_all(["A"], "nothing") == []
    for damaged in ("-----BEGIN A-----\n!\n-----END A-----", "-----BEGIN A-----\nAAAA", "-----BEGIN A"):
        with pytest.raises(der.NotDer):
            der.unpem_all(["A"], der.pem("A", b"1") + damaged)


def test_very_many_blocks_without_an_end_take_no_time():
    began = time.monotonic()
    for read in (partial(der.unpem, "A"), partial(der.unpem_all, ["A"])):
        with pytest.raises(der.NotDer):
            read("-----BEGIN A-----" * 300_000)
    assert time.monotonic() - began < 5


def test_another_element_is_named():
    with pytest.raises(der.NotDer, match="0x4 where 0x30"):
        der.only(der.SEQUENCE, der.octets(b""))
    with pytest.raises(der.NotDer):
        der.only(der.OCTET_STRING, der.octets(b"") + b"\0")
