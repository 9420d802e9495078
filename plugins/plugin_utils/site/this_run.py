# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the run of a playbook is for: its hosts, its limit and its tags."""

from __future__ import annotations

from typing import Any, List, Mapping

from .. import collection
from . import chosen, plan_time
from .plan_run import Run


def of(task_vars: Mapping[str, Any]) -> Run:
    """The run."""
    hostvars = task_vars["hostvars"]
    return Run(
        collection.version(),
        plan_time.now(),
        chosen.hosts(["all"], hostvars, limited=False),
        list(task_vars["ansible_play_hosts_all"]),
        list(task_vars.get("ansible_run_tags") or []),
    )


def limit(task_vars: Mapping[str, Any]) -> List[str]:
    """The patterns of --limit."""
    return [part for part in str(task_vars.get("ansible_limit") or "").split(",") if part]
