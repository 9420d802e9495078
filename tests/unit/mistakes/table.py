# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of docs/mistakes.md."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

import yaml


def text(mistakes: Sequence[Mapping[str, Any]], found: Mapping[str, Sequence[Any]]) -> str:
    """Two tables: those that validate finds, and those that it takes preflight to find."""
    parts = []
    for title, which in (("Found by validate", False), ("Found by preflight, which reads the hosts", True)):
        rows = [_row(one, found[one["mistake"]][0]) for one in mistakes if ("facts" in one) is which]
        head = ["| mistake | in the inventory | message | fix |", "|---|---|---|---|"]
        parts.append("\n".join([f"## {title}", "", *head, *rows]))
    return "\n\n".join(parts) + "\n"


def _row(mistake: Mapping[str, Any], problem: Any) -> str:
    written = yaml.safe_dump(mistake["variables"], default_flow_style=True, width=10000, sort_keys=False).strip()[1:-1]
    cells = (mistake["mistake"], f"`{written}`", problem.problem, problem.fix)
    return "| {} |".format(" | ".join(cell.replace("|", "\\|") for cell in cells))
