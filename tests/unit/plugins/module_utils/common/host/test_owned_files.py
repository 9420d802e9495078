# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import stat

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import owned_files


def test_file_is_written_with_its_folders_and_read_back(tmp_path):
    path = str(tmp_path / "a" / "b.json")
    assert owned_files.read_text(path) is None
    owned_files.write_text(path, "one\n")
    owned_files.write_text(path, "two\n")
    assert owned_files.read_text(path) == "two\n"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o644
    assert os.listdir(tmp_path / "a") == ["b.json"]


def test_what_cannot_be_read_has_the_fix_for_the_reason(tmp_path, monkeypatch):
    (tmp_path / "binary").write_bytes(b"\xff")
    with pytest.raises(EdgesiteError, match="cannot read .*/binary: it is not text in UTF-8.*'rm .*/binary'"):
        owned_files.read_text(str(tmp_path / "binary"))
    with pytest.raises(EdgesiteError, match=r"cannot read \S+: Is a directory\. Run 'ls -ld "):
        owned_files.read_text(str(tmp_path))

    def refuse(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(EdgesiteError, match=r"cannot read /secret: Permission denied\. Run the task as root"):
        owned_files.read_text("/secret")


def test_full_disk_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch):
    path = str(tmp_path / "b.json")
    owned_files.write_text(path, "old")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EdgesiteError, match="No space left on device.*free disk space: 'df "):
        owned_files.write_text(path, "new")
    assert owned_files.read_text(path) == "old"
    assert os.listdir(tmp_path) == ["b.json"]


def test_removing_what_is_not_there_is_fine(tmp_path):
    path = str(tmp_path / "b.json")
    owned_files.remove(path)
    owned_files.write_text(path, "x")
    owned_files.remove(path)
    assert owned_files.read_text(path) is None


def test_what_is_no_file_is_an_error_for_users(tmp_path):
    with pytest.raises(EdgesiteError, match="cannot read"):
        owned_files.read_text(str(tmp_path))
    with pytest.raises(EdgesiteError, match="cannot remove"):
        owned_files.remove(str(tmp_path))
    with pytest.raises(EdgesiteError, match="cannot write"):
        owned_files.write_text(str(tmp_path / "x"), "") or owned_files.write_text(str(tmp_path / "x" / "y"), "")


def test_link_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = str(tmp_path / "current")
    owned_files.write_link(path, "one")
    owned_files.write_link(path, "two")
    assert os.readlink(path) == "two"

    def full(_draft, _path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(EdgesiteError, match="No space left on device.*free disk space: 'df "):
        owned_files.write_link(path, "three")
    assert os.readlink(path) == "two" and os.listdir(tmp_path) == ["current"]
