# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What layers tell to do names a setting or a command: these phrases name neither, and have helped nobody."""

from __future__ import annotations

import ast

import pytest
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT

ROOMS = ("driver", "gpu", "jetson", "mig", "storage", "tls")
FILES = sorted(path for room in ROOMS for path in (ROOT / "plugins/module_utils" / room).rglob("*.py"))
PHRASES = {
    "Change it",
    "Correct it",
    "Correct it in the file",
    "Correct the file",
    "Correct the number",
    "Free it",
    "Remove one of them",
    "Remove one of the two",
    "Run again",
    "Set one of the two",
    "Set only one of them",
    "Use a larger device",
    "Write a list of layouts",
}


@pytest.mark.parametrize("file", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_fix_names_a_setting_or_a_command(file):
    texts = [node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant)]
    assert not [text for text in texts if isinstance(text, str) and text in PHRASES]
