# SPDX-License-Identifier: GPL-3.0-or-later
"""The page that says where things are: the rooms in their order, and files that exist."""

from __future__ import annotations

import re

from ansible_collections.edgesite.gpu.tests.unit.places import ROOT
from ansible_collections.edgesite.gpu.tests.unit.plugins.test_rooms import ORDER

PAGE = (ROOT / "docs" / "developer" / "architecture.md").read_text()
HOUSE = ROOT / "plugins" / "module_utils"


def test_the_picture_has_all_rooms_in_their_order():
    drawn = re.findall(r"^ \| (\w+) +.* host/", PAGE, re.MULTILINE)
    assert drawn == ORDER[::-1]
    assert {path.name for path in HOUSE.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(ORDER)


def test_files_that_are_named_exist():
    named = re.findall(rf"`((?:{'|'.join(ORDER)})/[\w/]+\.py)`", PAGE)
    assert len(named) > 10
    assert [name for name in named if not (HOUSE / name).exists()] == []
