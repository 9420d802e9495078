# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What patterns and numbers let through: nothing after the end, not even a line break, and no digits but 0 to 9."""

from __future__ import annotations

import ast
import re

import pytest
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT

PLUGINS = ROOT / "plugins"
FILES = sorted(PLUGINS.rglob("*.py"))
FUNCTIONS = {"compile", "match", "fullmatch", "search", "sub", "split", "findall", "finditer"}


def constant(node):
    """The text of a pattern, with whatever is put into it left out."""
    parts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
    return "".join(part if isinstance(part, str) else part.decode() for part in parts if isinstance(part, (str, bytes)))


def patterns(path):
    """Line, pattern and the words of the whole call."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if name.startswith("re.") and name[3:] in FUNCTIONS:
            yield node.lineno, constant(node.args[0]), ast.unparse(node)


def bare(pattern):
    """Without classes and escaped characters, but for those that stand for classes."""
    return re.sub(r"\\[^dwsbDWSB]|\[(?:\\.|[^\]\\])*\]", "", pattern)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PLUGINS)))
def test_patterns_end_where_the_text_ends_and_know_no_other_digits(path):
    for line, pattern, call in patterns(path):
        where = "{0}:{1} {2}".format(path.name, line, pattern)
        # before a line break at the end of the text, too, $ is content
        assert "$" not in bare(pattern) or "re.M" in call, where
        # in bytes they are ASCII anyway
        assert not re.search(r"\\[dwbDWB]", pattern) or "re.ASCII" in call or "rb'" in call or 'rb"' in call, where


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PLUGINS)))
def test_digits_are_those_that_make_a_number(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        assert not re.search(r"\.is(digit|numeric|decimal)\(", line) or ".isascii()" in line
