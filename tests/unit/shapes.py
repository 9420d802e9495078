# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shapes: what files, programs and certificates look like in the field, and what they have to be read as.

Each is a file in shapes/PARSER beside the tests of its room, in three parts: where the shape is from; under
`=== reads as` what it has to be read as, in JSON; under `=== text` the text. What is refused reads as {"refused": why}.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT

READS_AS, TEXT = "\n=== reads as\n", "\n=== text\n"
ROOMS = ROOT / "tests" / "unit" / "plugins" / "module_utils"


class Shape(NamedTuple):
    origin: str
    reads_as: Any
    text: str


def each(module, parsers):
    """Gives a test each shape beside its module, and the function by which parsers reads the folder that it is in."""
    shapes = Path(module).parent / "shapes"
    folders = sorted(folder.name for folder in shapes.iterdir())
    if folders != sorted(parsers):
        raise ValueError("{0} has {1}, but {2} are read".format(shapes, folders, sorted(parsers)))
    cases = [
        pytest.param(parsers[name], read(file), id="{0}/{1}".format(name, file.stem))
        for name in folders
        for file in files(shapes / name)
    ]
    return pytest.mark.parametrize("parse, shape", cases)


def files(folder):
    found = sorted(folder.iterdir())
    if not found:
        raise ValueError("{0} has no shapes".format(folder))
    return found


def read(file):
    """The shape in a file. What is none is a ValueError that names the file."""
    origin, reads_as, rest = file.read_text(encoding="utf-8").partition(READS_AS)
    expected, text_follows, text = rest.partition(TEXT)
    if not (origin.strip() and reads_as and text_follows):
        raise ValueError("{0} is not an origin, '{1}' and '{2}'".format(file, READS_AS.strip(), TEXT.strip()))
    try:
        return Shape(origin.strip(), json.loads(expected), text)
    except ValueError as error:
        raise ValueError("{0}: what it reads as is not JSON: {1}".format(file, error)) from error


def reading(parse, text):
    """What a text is read as, in the form that it has in files."""
    try:
        return json.loads(json.dumps(parse(text)))
    except EdgesiteError as error:
        return {"refused": error.problem}


def text_of(room, shape):
    """The text of one shape of a room, for tests that need it for something else: PARSER/NAME."""
    return read(ROOMS / room / "shapes" / (shape + ".txt")).text
