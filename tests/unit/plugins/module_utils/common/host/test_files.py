# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import files


def test_what_a_file_tells(tmp_path):
    (tmp_path / "vendor").write_text("0x10de\n")
    assert files.told(str(tmp_path / "vendor")) == "0x10de"


def test_what_cannot_be_read_tells_nothing(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "junk").write_bytes(b"\xff")
    assert [files.told(str(tmp_path / name)) for name in ("absent", ".", "loop", "loop/vendor")] == [""] * 4
    assert files.told(str(tmp_path / "junk")) == "\N{REPLACEMENT CHARACTER}"


def test_only_the_start_of_a_large_file_is_read(tmp_path):
    (tmp_path / "large").write_text("x" * 1000000)
    assert len(files.told(str(tmp_path / "large"))) == 65536
