# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has one place in the house, so that nobody makes it a second time."""

from __future__ import annotations

import ast

import pytest
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT

PLACES = {
    "systemctl": ["common/host/systemctl.py"],
    "apt-get": ["common/host/apt.py"],
    "apt-mark": ["common/host/apt.py"],
    "apt-cache": ["common/host/apt.py"],
    "dnf": ["common/host/dnf.py"],
    "modprobe": ["common/host/modprobe.py"],
}


def named(path):
    """The texts in a file's code, but for what documents it."""
    return {
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@pytest.mark.parametrize("program", sorted(PLACES))
def test_program_is_run_in_one_place(program):
    folder = ROOT / "plugins" / "module_utils"
    places = [path for path in sorted(folder.rglob("host/*.py")) if program in named(path)]
    assert [str(path.relative_to(folder)) for path in places] == PLACES[program]
