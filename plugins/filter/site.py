# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's rows, for playbooks."""

from __future__ import annotations

import traceback
from typing import Any, Callable, Dict, List, Mapping, Sequence

from ansible.utils.display import Display

from ..module_utils.site import report

Variables = Mapping[str, Any]


def site_rows(hostvars: Mapping[str, Variables], hosts: Sequence[str]) -> List[Dict[str, Any]]:
    """What a run found and changed, a dictionary per host."""
    return [_row(host, hostvars[host]) for host in hosts]


def site_table(rows: Sequence[Mapping[str, Any]], check: bool = False) -> str:
    """The rows as text. check: the run was in check mode."""
    return "\n".join(report.table(rows, check))


def _row(host: str, variables: Variables) -> Dict[str, Any]:
    """The row of a host; one that answers nonsense must not keep the others from theirs."""
    try:
        return report.row(host, variables)
    except Exception:
        Display().vvv(traceback.format_exc(), host=host)
        return report.garbled_row(host)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> Dict[str, Callable[..., Any]]:
        """By name."""
        return {
            "site_rows": site_rows,
            "site_table": site_table,
        }
