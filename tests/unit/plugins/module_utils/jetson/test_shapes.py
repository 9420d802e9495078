# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What files and programs of real Jetsons look like, by the parser that reads them.

Each file in shapes/PARSER says where the shape is from, what it has to be read as, and the text. A report of a shape
that was read wrongly becomes one more file.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import board, clocks, nvpmodel_conf

SHAPES = Path(__file__).parent / "shapes"


def read_clocks(text):
    found = clocks.parse_show(text)
    return {
        "clocks": {name: [clock.low, clock.high] for name, clock in found.items()},
        "locked": clocks.locked(found),
    }


def read_modes(text):
    found = nvpmodel_conf.parse_conf(text)
    return {
        "modes": {str(mode.id): mode.name for mode in found.modes},
        "default": found.default,
        "behind": {" ".join(key): behind for key, behind in found.parameters.items()},
    }


def read_release(text):
    found = board.parse_tegra_release(text)
    return {"version": found.version, "jetpack": board.jetpack(found)}


PARSERS = {"jetson_clocks": read_clocks, "nv_tegra_release": read_release, "nvpmodel_conf": read_modes}
FILES = sorted(SHAPES.glob("*/*.txt"))


@pytest.mark.parametrize("file", FILES, ids=["/".join(file.parts[-2:]) for file in FILES])
def test_shape(file):
    origin, expected, text = file.read_text().replace("=== text\n", "=== reads as\n").split("=== reads as\n")
    assert origin.strip(), "the first line says where the shape is from"
    assert PARSERS[file.parent.name](text) == json.loads(expected)


def test_every_parser_has_shapes():
    assert {file.parent.name for file in FILES} == set(PARSERS)
