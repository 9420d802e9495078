# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.boot.host import tools_compiled
from ansible_collections.edgesite.gpu.plugins.module_utils.boot.host.tools_compiled import RECORD
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError

SOURCES = {"top.py": b"NAME = 'top'", "pack/low.py": b"NAME = 'low'"}


def installed(content):
    """What an installation of this content is found to hold, and its record."""
    found = {path: hashlib.sha256(data).hexdigest() for path, data in content.items()}
    return found, json.loads(content[RECORD])


def test_this_python_takes_what_was_compiled(tmp_path):
    for path, data in tools_compiled.with_compiled(SOURCES).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    code = "import sys; sys.path.append(sys.argv[1]); import top, pack.low; print(top.NAME, pack.low.NAME)"
    ran = subprocess.run(
        [sys.executable, "-I", "-B", "-v", "-c", code, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        check=True,
    )
    assert ran.stdout == b"top low\n"
    for compiled in ("__pycache__/top", "pack/__pycache__/low"):
        assert "code object from '{0}/{1}.".format(tmp_path, compiled) in ran.stderr.decode()


def test_compiled_code_lies_beside_its_source_whatever_the_environment_says(monkeypatch):
    monkeypatch.setattr(sys, "pycache_prefix", "/elsewhere")
    tag = sys.implementation.cache_tag
    assert set(tools_compiled.with_compiled(SOURCES)) == {
        *SOURCES,
        "__pycache__/top.{0}.pyc".format(tag),
        "pack/__pycache__/low.{0}.pyc".format(tag),
        RECORD,
    }


@pytest.mark.parametrize("source", [b"match = = 1", b"a\0b", b"# coding: none\n"])
def test_file_that_this_python_cannot_run_is_refused_and_named(source):
    with pytest.raises(EdgesiteError) as refused:
        tools_compiled.with_compiled({"pynvml.py": source})
    assert "pynvml.py of the host tools cannot run on Python {0}.{1}".format(*sys.version_info) in str(refused.value)
    assert "ansible_python_interpreter" in refused.value.fix


def test_compiled_code_as_recorded_does_not_count():
    found, record = installed(tools_compiled.with_compiled(SOURCES))
    assert tools_compiled.counted(found, record) == {path: found[path] for path in SOURCES}


def test_compiled_code_that_was_changed_or_added_or_lost_counts():
    found, record = installed(tools_compiled.with_compiled(SOURCES))
    (compiled, *_rest) = record
    assert tools_compiled.counted({**found, compiled: "other"}, record)[compiled] == "other"
    assert "__pycache__/x.pyc" in tools_compiled.counted({**found, "__pycache__/x.pyc": "1"}, record)
    del found[compiled]
    assert RECORD in tools_compiled.counted(found, record)


def test_without_a_record_all_counts():
    found, _record = installed(tools_compiled.with_compiled(SOURCES))
    assert tools_compiled.counted(found, {}) == found


def test_record_excuses_compiled_code_only():
    assert "json.py" in tools_compiled.counted({"json.py": "1", RECORD: "2"}, {"json.py": "1"})
