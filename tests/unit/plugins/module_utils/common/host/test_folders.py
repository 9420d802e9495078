# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders that are left empty, on a real disk."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import folders


def test_what_is_in_folders_that_are_there(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one/b").touch()
    (tmp_path / "one/a").touch()
    (tmp_path / "link").symlink_to(tmp_path / "one")
    paths = [str(tmp_path / name) for name in ("one", "link", "none", "one/a")]
    assert folders.inside(paths) == {str(tmp_path / "one"): ("a", "b")}


def test_a_folder_goes_and_comes_back(tmp_path):
    path = str(tmp_path / "one")
    folders.make(path)
    folders.make(path)
    folders.remove(path)
    folders.remove(path)
    assert folders.inside([path]) == {}


def test_a_folder_with_something_in_it_stays(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EdgesiteError, match="cannot remove"):
        folders.remove(str(tmp_path))
    with pytest.raises(EdgesiteError, match=f"cannot create .*: Not a directory. Run 'ls -la {tmp_path}/file' and 'df"):
        folders.make(str(tmp_path / "file/folder"))


def test_who_may_not_is_told_to_be_root(monkeypatch):
    def refuse(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.rmdir", refuse)
    monkeypatch.setattr("os.makedirs", refuse)
    for work in (folders.remove, folders.make):
        with pytest.raises(EdgesiteError, match="become: true"):
            work("/etc/edgesite-gpu/none")
