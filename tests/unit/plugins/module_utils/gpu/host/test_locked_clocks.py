# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os

from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import locked_clocks


def note(tmp_path):
    module = tmp_path / "module"
    module.mkdir(exist_ok=True)
    return {"path": str(tmp_path / "run" / "note.json"), "module": str(module)}


def test_locked_clocks_are_noted_by_gpu_and_key(tmp_path):
    here = note(tmp_path)
    assert locked_clocks.read(**here) == {}
    locked_clocks.write("GPU-a", "gpu_clocks", (1, 2), **here)
    locked_clocks.write("GPU-a", "memory_clocks", (3, 4), **here)
    locked_clocks.write("GPU-b", "gpu_clocks", (5, 6), **here)
    locked_clocks.write("GPU-a", "gpu_clocks", None, **here)
    assert locked_clocks.read(**here) == {"GPU-a": {"memory_clocks": (3, 4)}, "GPU-b": {"gpu_clocks": (5, 6)}}


def test_note_of_an_earlier_load_of_the_module_says_nothing(tmp_path):
    here = note(tmp_path)
    locked_clocks.write("GPU-a", "gpu_clocks", (1, 2), **here)
    os.rename(here["module"], here["module"] + ".unloaded")
    assert locked_clocks.read(**here) == {}
    os.mkdir(here["module"])
    assert locked_clocks.read(**here) == {}


def test_host_without_note_or_module_has_no_locked_clocks(tmp_path):
    assert locked_clocks.read(path=str(tmp_path / "note.json"), module=str(tmp_path / "none")) == {}


def test_damaged_note_says_nothing(tmp_path):
    here = note(tmp_path)
    locked_clocks.write("GPU-a", "gpu_clocks", (1, 2), **here)
    for damaged in ("", "{", "[1]", "null", '{"module": %d, "locked": [1]}' % os.stat(here["module"]).st_ino):
        with open(here["path"], "w", encoding="utf-8") as stream:
            stream.write(damaged)
        assert locked_clocks.read(**here) == {}
