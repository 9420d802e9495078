# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tpm_key plans, for every state that a key can be in."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import key, public
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm.key import (
    Access,
    Evict,
    Found,
    Keep,
    MakeKey,
    MakeStorageKey,
    RemoveFile,
    SetAccess,
    State,
    Wanted,
)
from ansible_collections.edgesite.gpu.tests.unit.places import FIXTURES
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.common.line_cases import values
from hypothesis import given

TPM = FIXTURES / "tpm"
ECC, RSA, STORAGE, EK = (
    public.parse((TPM / name).read_bytes()) for name in ("key-ecc.pub", "key-rsa.pub", "storage.pub", "ek-p256.pub")
)
SOFT = replace(ECC, attributes=ECC.attributes - {"fixedtpm"})
OTHER = replace(ECC, area=ECC.area + b"x", point=(1, 2))
ACCESS = Access("root", "root", 0o600)
PATH, HANDLE = "/key.pem", 0x81000010
FILE = Wanted(True, "ecc_p256", PATH, None, "never", ACCESS)
KEPT = replace(FILE, path=None, handle=HANDLE)
BOTH = replace(FILE, handle=HANDLE)
NOTHING = State(STORAGE, None, None)
GONE = Found(None, "it belongs to another TPM")


def state(file=None, handle=None, storage=STORAGE):
    return State(
        storage,
        file if file is None or isinstance(file, Found) else Found(file),
        None if handle is None else Found(handle),
        None if file is None else "text",
        None if file is None else ACCESS,
    )


def kinds(wanted, found, renewed=False):
    return [type(action) for action in key.plan(wanted, found, renewed)]


@pytest.mark.parametrize(
    "wanted, found, planned",
    [
        (FILE, NOTHING, [MakeKey]),
        (FILE, state(storage=None), [MakeStorageKey, MakeKey]),
        (FILE, state(ECC), []),
        (replace(FILE, access=Access("root", "ssl", 0o640)), state(ECC), [SetAccess]),
        (replace(FILE, regenerate="unusable"), state(ECC), []),
        (replace(FILE, regenerate="unusable"), state(GONE), [MakeKey]),
        (replace(FILE, regenerate="always"), state(ECC), [MakeKey]),
        (replace(FILE, regenerate="always"), state(RSA), [MakeKey]),
        (replace(FILE, regenerate="always"), state(GONE, storage=None), [MakeStorageKey, MakeKey]),
        (KEPT, NOTHING, [MakeKey, Keep]),
        (KEPT, state(handle=ECC), []),
        (replace(KEPT, regenerate="always"), state(handle=RSA), [MakeKey, Evict, Keep]),
        (BOTH, NOTHING, [MakeKey, Keep]),
        (BOTH, state(ECC), [Keep]),
        (BOTH, state(ECC, ECC), []),
        (replace(BOTH, regenerate="unusable"), state(GONE), [MakeKey, Keep]),
        (replace(BOTH, regenerate="always"), state(ECC, ECC), [MakeKey, Evict, Keep]),
        (replace(FILE, present=False), state(ECC), [RemoveFile]),
        (replace(FILE, present=False), NOTHING, []),
        (replace(BOTH, present=False), state(ECC, ECC), [Evict, RemoveFile]),
        (replace(KEPT, present=False), NOTHING, []),
    ],
)
def test_plan(wanted, found, planned):
    assert kinds(wanted, found) == planned


@pytest.mark.parametrize(
    "wanted, found, problem, fix",
    [
        (FILE, state(GONE), "/key.pem: it belongs to another TPM", "regenerate: unusable"),
        (FILE, state(RSA), "type rsa2048, but ecc_p256 is wanted", "regenerate: always"),
        (replace(FILE, regenerate="unusable"), state(RSA), "type rsa2048", "regenerate: always"),
        (FILE, state(SOFT), "not bound to this TPM", "regenerate: always"),
        (KEPT, state(handle=RSA), "0x81000010 is a key of type rsa2048", "regenerate: always"),
        (BOTH, state(ECC, OTHER), "0x81000010 holds a different key from /key.pem", "regenerate: always"),
        (BOTH, state(handle=ECC), "0x81000010 already holds a key", "regenerate: always"),
        (replace(BOTH, regenerate="unusable"), state(GONE, ECC), "already holds a key", "regenerate: always"),
        (FILE, state(storage=ECC), "0x81000001 is not a storage key", "tpm2_evictcontrol -C o -c 0x81000001"),
        (replace(KEPT, present=False), state(handle=EK), "not hold a key that tpm_key creates", "tpm2_evictcontrol"),
    ],
)
def test_refused(wanted, found, problem, fix):
    with pytest.raises(EdgesiteError, match=problem) as refused:
        key.plan(wanted, found, False)
    assert fix in refused.value.fix


def test_always_means_once_in_a_run():
    wanted = replace(FILE, regenerate="always")
    assert kinds(wanted, state(ECC), renewed=True) == []


def test_the_new_key_is_there_before_the_old_one_goes():
    planned = kinds(replace(BOTH, regenerate="always"), state(ECC, ECC))
    assert planned.index(MakeKey) < planned.index(Evict) < planned.index(Keep)


def test_evicted_key_comes_back_from_its_file():
    actions = key.plan(replace(BOTH, regenerate="always"), state(ECC, ECC), False)
    assert [action.text for action in actions if isinstance(action, Evict)] == ["text"]


KEYS = [None, GONE, ECC, RSA, SOFT]
CASES = list(
    product([FILE, KEPT, BOTH], ["never", "unusable", "always"], KEYS, [None, ECC, RSA, OTHER], [STORAGE, None])
)


@pytest.mark.parametrize("present", [True, False])
def test_every_plan_ends_where_it_says(present):
    for base, regenerate, file, handle, storage in CASES:
        wanted = replace(base, regenerate=regenerate, present=present)
        found = state(file if wanted.path else None, handle if wanted.handle else None, storage)
        try:
            actions = key.plan(wanted, found, False)
        except EdgesiteError as refused:
            assert refused.fix
            assert regenerate != "always"
            continue
        after = key.after(wanted, found, actions)
        assert (after.file is not None) == (present and wanted.path is not None)
        assert (after.handle is not None) == (present and wanted.handle is not None)
        assert not any(one.problem for one in (after.file, after.handle) if one is not None)
        assert all(key.describe(action) for action in actions)
        assert key.plan(wanted, after, True) == []


@pytest.mark.parametrize(
    "written, handle", [("0x81000010", HANDLE), ("2164260880", HANDLE), ("0x817FFFFF", 0x817FFFFF)]
)
def test_handles(written, handle):
    assert key.parse_key_handle(written) == handle


@pytest.mark.parametrize("written", ["", "x", "0x80000000", "0x81800000", "0x81000001", "0x81010001", "-1"])
def test_refused_handles(written):
    with pytest.raises(EdgesiteError, match="handle"):
        key.parse_key_handle(written)


def test_modes():
    assert key.parse_mode("0640") == 0o640


# 416 is what YAML makes of 0640 without quotes
@pytest.mark.parametrize("written", ["", "416", "0x1", "u=rw", "06400", "0640\n", "0840"])
def test_refused_modes(written):
    with pytest.raises(EdgesiteError, match="mode in octal.*in quotes, as in mode: '0640'"):
        key.parse_mode(written)


@pytest.mark.parametrize("name", ["tss", "_ssl", "CORP\\\\edge", "edge@corp.example", "domain users", "host$"])
def test_an_account_is_a_name(name):
    assert key.parse_account("group", name) == name


@pytest.mark.parametrize(("written", "number"), [("0", 0), ("0109", 109), ("4294967294", 4294967294)])
def test_an_account_is_a_number(written, number):
    assert key.parse_account("group", written) == number


@pytest.mark.parametrize("written", ["²", "٣", "1\n", "", "-1", "tss\0", "tss\n", "ü", "1x", "9" * 11, "a:b"])
def test_what_is_no_account_is_told(written):
    with pytest.raises(EdgesiteError, match="^group is .*, which is not the name or the number of a user or a group"):
        key.parse_account("group", written)


def test_a_number_that_means_nobody_is_told():
    with pytest.raises(EdgesiteError, match="^owner is 4294967295, which is too high") as caught:
        key.parse_account("owner", "4294967295")
    assert "0 to 4294967294" in caught.value.fix


@given(values("tss", "109"))
def test_any_text_is_an_account_or_told(written):
    try:
        found = key.parse_account("group", written)
    except EdgesiteError as error:
        assert error.problem.startswith("group is ") and error.fix
        return
    assert found in (written, int(written) if written.isdigit() else None)


@pytest.mark.parametrize("written", ["0x8100_0010", " 0x81000010", "0x81000010\n", "0x٨١٠٠٠٠١٠", "+2164260880"])
def test_a_handle_is_written_in_plain_digits(written):
    with pytest.raises(EdgesiteError, match="is not a handle of the owner's"):
        key.parse_handle(written)
