# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.plugin_utils import controller_file


def test_a_file_as_it_is(tmp_path):
    (tmp_path / "a").write_bytes("ä\r\n".encode())
    assert controller_file.text(str(tmp_path / "a")) == "ä\r\n"


def test_a_huge_file_is_not_read_whole(tmp_path):
    with open(tmp_path / "disk.img", "wb") as stream:
        stream.truncate(1024**4)
    with pytest.raises(OSError, match="it is larger than 16 MiB"):
        controller_file.read(str(tmp_path / "disk.img"))


@pytest.mark.parametrize(("path", "why"), [("/dev/zero", "a pipe or a device"), ("/", "directory"), ("/no", "No such")])
def test_what_is_no_file_is_an_error_of_the_system(path, why):
    with pytest.raises(OSError, match=why):
        controller_file.read(path)
