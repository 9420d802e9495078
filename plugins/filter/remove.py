# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary of the playbook remove."""

from __future__ import annotations

import traceback
from typing import Any, Callable, Dict, List, Mapping, Sequence

from ansible.utils.display import Display

from ..module_utils.site import removal_report


def remove_table(hostvars: Mapping[str, Mapping[str, Any]], hosts: Sequence[str], check: bool = False) -> str:
    """What went and what stays, host by host, as text. check: the run was in check mode."""
    return "\n".join(line for host in hosts for line in _of_host(host, hostvars[host], check))


def _of_host(host: str, variables: Mapping[str, Any], check: bool) -> List[str]:
    """A host that answers nonsense must not keep the others from theirs."""
    try:
        return removal_report.of_host(host, variables.get("remove_result"), check)
    except Exception:
        Display().vvv(traceback.format_exc(), host=host)
        return removal_report.garbled(host)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> Dict[str, Callable[..., Any]]:
        """By name."""
        return {"remove_table": remove_table}
