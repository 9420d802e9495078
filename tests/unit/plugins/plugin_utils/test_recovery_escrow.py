# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recovery keys on the controller: what hosts say becomes no path, and nothing that is there is lost."""

from __future__ import annotations

import os

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import der
from ansible_collections.edgesite.gpu.plugins.plugin_utils import recovery_escrow
from hypothesis import given
from hypothesis import strategies as st

UUID = "0e4c5f5a-7a1f-4f6e-9d63-2f8b1c9a7e10"
ENVELOPED = der.oid("1.2.840.113549.1.7.3")


def cms(content=b"key"):
    return der.pem("CMS", der.sequence(ENVELOPED, der.explicit(0, content)))


def volume(**changed):
    return {"name": "data", "uuid": UUID, "recovery": cms(), **changed}


def kept(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def keep(folder, content):
    found = recovery_escrow.keys("alpha", [volume(recovery=content)])
    for key in recovery_escrow.missing(str(folder), "alpha", found):
        recovery_escrow.keep(str(folder), "alpha", key)


@pytest.mark.parametrize(
    "uuid",
    [
        "../honest/1111-2222",
        "../../ca/root",
        UUID + "\n",
        UUID.upper(),
        UUID[:-1],
        "",
        None,
        5,
        [UUID],
        "\u0660" + UUID[1:],
    ],
)
def test_what_is_no_uuid_becomes_no_name(uuid):
    with pytest.raises(EdgesiteError, match=r"alpha returned .* as the UUID of a volume; nothing was written"):
        recovery_escrow.keys("alpha", [volume(), volume(uuid=uuid)])


@pytest.mark.parametrize(
    "recovery",
    [
        "x",
        5,
        ["x"],
        cms() + cms(),
        cms() + "more\n",
        "before\n" + cms(),
        cms() + "more\n-----",
        cms().replace("\nMB", "\n\u2003MB"),
        cms().replace("CMS", "CERTIFICATE"),
        cms(b"x" * 20000),
        der.pem("CMS", der.sequence(der.oid("1.2.840.113549.1.7.2"))),
        der.pem("CMS", der.sequence(ENVELOPED) + b"more"),
        "-----BEGIN CMS-----\nAAAA\n-----END CMS-----\n",
    ],
)
def test_what_is_not_one_encrypted_block_is_no_key(recovery):
    with pytest.raises(EdgesiteError, match="alpha returned a recovery key .* that is not one encrypted block"):
        recovery_escrow.keys("alpha", [volume(recovery=recovery)])


def test_a_volume_without_a_key_is_passed_over():
    assert recovery_escrow.keys("alpha", [volume(recovery=None), {}]) == []


@pytest.mark.parametrize("host", ["..", "a/b", "", ".alpha", "a\n"])
def test_a_host_that_can_be_no_folder_is_refused(host):
    with pytest.raises(EdgesiteError, match="cannot be that of its folder in escrow. Rename it in the inventory"):
        recovery_escrow.check_host(host)


def test_an_empty_text_is_no_folder():
    recovery_escrow.check_folder("/srv/escrow", "escrow_dir")
    with pytest.raises(EdgesiteError, match="escrow_dir is empty, so recovery keys would be kept nowhere. Set it to"):
        recovery_escrow.check_folder(" ", "escrow_dir")


def test_a_key_is_written_once_and_for_its_owner_alone(tmp_path):
    keep(tmp_path / "escrow", cms())
    file = tmp_path / "escrow" / "alpha" / (UUID + ".pem")
    assert file.read_text() == cms()
    assert file.stat().st_mode & 0o777 == 0o600 and file.parent.stat().st_mode & 0o777 == 0o700
    assert file.parents[1].stat().st_mode & 0o777 == 0o700
    before = file.stat()
    keep(tmp_path / "escrow", cms())
    assert file.stat() == before


def test_keys_that_were_there_are_all_kept(tmp_path):
    for content in (b"one", b"two", b"three", b"two"):
        keep(tmp_path, cms(content))
    assert kept(tmp_path) == {
        f"alpha/{UUID}.pem": cms(b"two"),
        f"alpha/{UUID}.1.pem": cms(b"one"),
        f"alpha/{UUID}.2.pem": cms(b"two"),
        f"alpha/{UUID}.3.pem": cms(b"three"),
    }


@given(st.lists(st.sampled_from([b"a", b"b", b"c"]), min_size=1, max_size=4))
def test_whatever_comes_after_what_the_last_is_the_newest_and_none_is_lost(tmp_path_factory, contents):
    folder = tmp_path_factory.mktemp("escrow")
    for content in contents:
        keep(folder, cms(content))
    files = kept(folder)
    assert files[f"alpha/{UUID}.pem"] == cms(contents[-1])
    assert set(files.values()) == {cms(content) for content in contents}
    assert len(files) <= 4


@pytest.mark.parametrize("step", ["open", "fdopen", "fsync", "replace", "mkstemp"])
def test_a_disk_that_fills_up_loses_nothing_and_the_next_run_ends_right(tmp_path, monkeypatch, step):
    keep(tmp_path, cms(b"one"))

    def full(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    owner = recovery_escrow.tempfile if step == "mkstemp" else os
    with monkeypatch.context() as patch:
        patch.setattr(owner, step, full)
        with pytest.raises(OSError):
            keep(tmp_path, cms(b"two"))
    assert cms(b"one") in kept(tmp_path).values()
    assert not [name for name in kept(tmp_path) if ".draft" in name]
    keep(tmp_path, cms(b"two"))
    assert kept(tmp_path)[f"alpha/{UUID}.pem"] == cms(b"two")
    assert cms(b"one") in kept(tmp_path).values()


def test_a_volume_is_named_once():
    with pytest.raises(EdgesiteError, match="alpha returned one volume several times"):
        recovery_escrow.keys("alpha", [volume(), volume(recovery=cms(b"other"))])


def test_a_link_that_leads_nowhere_is_replaced(tmp_path):
    (tmp_path / "alpha").mkdir()
    (tmp_path / "alpha" / (UUID + ".pem")).symlink_to(tmp_path / "nowhere")
    keep(tmp_path, cms())
    assert kept(tmp_path) == {f"alpha/{UUID}.pem": cms()}


def test_a_host_that_makes_keys_without_end_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(recovery_escrow, "_MOST", 4)
    for number in range(4):
        keep(tmp_path, cms(b"%d" % number))
    with pytest.raises(EdgesiteError, match="alpha has 4 recovery keys in escrow"):
        keep(tmp_path, cms(b"more"))
    assert kept(tmp_path)[f"alpha/{UUID}.pem"] == cms(b"3")
