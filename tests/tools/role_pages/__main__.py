# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the page of each role, roles/ROLE/README.md."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.tests.tools.role_pages.page import page
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT

for role in sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir()):
    (role / "README.md").write_text(page(role), encoding="utf-8")
    print(f"roles/{role.name}/README.md")
