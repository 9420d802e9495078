# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Public areas, as a TPM gave them out: names as tpm2_readpublic showed them."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import public as tpm_public
from ansible_collections.edgesite.gpu.tests.unit.places import FIXTURES
from hypothesis import given
from hypothesis import strategies as st

TPM = FIXTURES / "tpm"
NAMES = {
    "key-ecc.pub": "000b1ce7fd2c7c3f11de662767d333d9e57aed7895e13f6d650ab69fff28df5980d6",
    "key-rsa.pub": "000b58cfbeaf100822b21f20f06cc3d8d25b46caa08da2cec24c138248abce9a5e49",
    "storage.pub": "000beb724deff00d47588f3f50743def72d4f3904f16554045fff6455b5fc173c929",
    "ek-rsa.pub": "000b9cb6fa60b9c0a3c9a697e2a8c6e3eb2771c171909a25306235498c8bc8d286ef",
    "ek-p384.pub": (
        "000cd0f90868f3b5d048eac3ca2a7e128f3821ce3d2a1d3b3fe30797d2d47feca1f91051b65db19c6c0a457affecda68d022"
    ),
}
KINDS = {
    "key-ecc.pub": "ecc_p256",
    "key-rsa.pub": "rsa2048",
    "storage.pub": "ecc_p256",
    "ek-rsa.pub": "rsa2048",
    "ek-p256.pub": "ecc_p256",
    "ek-p384.pub": "ecc_p384",
}


def content(name):
    return (TPM / name).read_bytes()


@pytest.mark.parametrize("name", sorted(KINDS))
def test_areas_of_a_tpm(name):
    public = tpm_public.parse(content(name))
    assert public.kind == KINDS[name]
    assert public.tpm2b == content(name)
    assert NAMES.get(name) in (None, public.name.hex())


def test_what_a_key_is_for():
    ecc, rsa = (tpm_public.parse(content(name)) for name in ("key-ecc.pub", "key-rsa.pub"))
    assert ecc.attributes == rsa.attributes == tpm_public.DEVICE_KEY
    assert (ecc.scheme, rsa.scheme) == (("ecdsa", "sha256"), (None, None))
    assert rsa.exponent == 65537
    assert ecc.policy == rsa.policy == b""
    storage = tpm_public.parse(content("storage.pub"))
    assert {"restricted", "decrypt"} <= storage.attributes
    assert storage.aes_bits == 128


@pytest.mark.parametrize("name", sorted(KINDS))
def test_spki_is_what_other_programs_read(name):
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    public = tpm_public.parse(content(name))
    key = serialization.load_der_public_key(public.spki)
    numbers = key.public_numbers()
    if public.type == "rsa":
        assert (numbers.n, numbers.e) == (public.modulus, public.exponent)
    else:
        assert (numbers.x, numbers.y) == public.point
    encoding, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    assert key.public_bytes(encoding, form) == public.spki


@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_refused(data):
    for parse in (tpm_public.parse, tpm_public.parse_area):
        try:
            public = parse(data)
        except tpm_public.NotPublic:
            continue
        assert public.area in data


@given(st.sampled_from(sorted(KINDS)), st.data())
def test_a_changed_area_is_refused_or_has_another_name(name, data):
    original = content(name)
    place = data.draw(st.integers(0, len(original) - 1))
    changed = bytearray(original)
    changed[place] ^= data.draw(st.integers(1, 255))
    try:
        public = tpm_public.parse(bytes(changed))
    except tpm_public.NotPublic:
        return
    assert public.name != tpm_public.parse(original).name
    assert public.spki and public.kind


@given(st.sampled_from(sorted(KINDS)), st.data())
def test_what_is_cut_off_or_too_long_is_refused(name, data):
    original = content(name)
    with pytest.raises(tpm_public.NotPublic):
        tpm_public.parse(original[: data.draw(st.integers(0, len(original) - 1))])
    with pytest.raises(tpm_public.NotPublic):
        tpm_public.parse(original + data.draw(st.binary(min_size=1, max_size=5)))
