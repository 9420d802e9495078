# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the run of a playbook is for: its hosts, its limit and its tags."""

from __future__ import annotations

from typing import Any, List, Mapping, Optional, Sequence

from .. import collection
from . import chosen, plan_time
from .plan_run import Run


def of(task_vars: Mapping[str, Any], patterns: Optional[Sequence[str]] = None) -> Run:
    """The run. patterns: those of edgesite_hosts, where the task has them."""
    hostvars = task_vars["hostvars"]
    mine = _patterns(hostvars) if patterns is None else patterns
    return Run(
        collection.version(),
        plan_time.now(),
        chosen.hosts(mine, hostvars, limited=False),
        chosen.hosts(mine, hostvars),
        list(task_vars.get("ansible_run_tags") or []),
    )


def _patterns(hostvars: Any) -> List[str]:
    """As the playbooks have them: what localhost has no other host can have said."""
    given = hostvars["localhost"].get("edgesite_hosts", "edgesite")
    return [given] if isinstance(given, str) else list(given)


def limit(task_vars: Mapping[str, Any]) -> List[str]:
    """The patterns of --limit."""
    return [part for part in str(task_vars.get("ansible_limit") or "").split(",") if part]
