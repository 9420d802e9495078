# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users are told of identities, TPMs and TLS says what to do."""

from __future__ import annotations

import ast

import pytest
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT

FOLDERS = (
    "module_utils/identity",
    "module_utils/tpm",
    "module_utils/tls",
    "plugin_utils/identity",
    "plugin_utils/site",
)
FILES = sorted(path for folder in FOLDERS for path in (ROOT / "plugins" / folder).rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_an_error_has_a_fix(file):
    calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    errors = [call for call in calls if getattr(call.func, "id", None) == "EdgesiteError"]
    assert not [ast.unparse(error) for error in errors if len(error.args) < 2]
