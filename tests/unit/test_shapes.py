# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A shape that is not read is an error: it must not be left out in silence."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.tests.unit import shapes

WHOLE = 'A board\n=== reads as\n{"a": 1}\n=== text\nsome text\n\n=== text\nmore\n'


@pytest.fixture
def module(tmp_path):
    (tmp_path / "shapes" / "program").mkdir(parents=True)
    (tmp_path / "shapes" / "program" / "one.txt").write_text(WHOLE)
    return tmp_path / "test_shapes.py"


def test_a_shape_is_read(module):
    ((parse, shape),) = [case.values for case in shapes.each(module, {"program": len}).args[1]]
    assert parse is len
    assert shape == ("A board", {"a": 1}, "some text\n\n=== text\nmore\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "some text",
        WHOLE.replace("A board", ""),
        WHOLE.replace("=== reads as", "reads as"),
        WHOLE.replace("=== text", ""),
        WHOLE.replace('{"a": 1}', ""),
        WHOLE.replace('{"a": 1}', "{'a': 1}"),
    ],
)
def test_a_broken_file_is_an_error_that_names_it(module, text):
    (module.parent / "shapes" / "program" / "broken.conf").write_text(text)
    with pytest.raises(ValueError, match="broken.conf"):
        shapes.each(module, {"program": len})


def test_an_empty_folder_is_an_error(module):
    (module.parent / "shapes" / "other").mkdir()
    with pytest.raises(ValueError, match="other has no shapes"):
        shapes.each(module, {"program": len, "other": len})


@pytest.mark.parametrize("parsers", [{}, {"other": len}, {"program": len, "other": len}])
def test_folders_and_parsers_are_the_same(module, parsers):
    with pytest.raises(ValueError, match="are read"):
        shapes.each(module, parsers)


def test_a_file_outside_of_the_folders_is_an_error(module):
    (module.parent / "shapes" / "lost.txt").write_text(WHOLE)
    with pytest.raises(ValueError, match="lost.txt"):
        shapes.each(module, {"program": len})


def test_what_is_refused_reads_as_that():
    def refuse(text):
        raise EdgesiteError(text + " is damaged", "Repair it")

    assert shapes.reading(refuse, "it") == {"refused": "it is damaged"}
