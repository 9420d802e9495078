# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts of a site's plan, which text, Markdown and JSON have alike."""

from __future__ import annotations

from typing import List, NamedTuple, Sequence

from ..common import disruption
from . import plan_hosts
from .plan_hosts import Host


class Sums(NamedTuple):
    """wipes: disks. resets: GPUs. worst: of all hosts. The others: hosts.

    A host may count as several of them: one layer changes, another has a problem.
    """

    hosts: int
    changes: int
    wipes: int
    resets: int
    reboots: int
    problems: int
    unknown: int
    unreachable: int
    in_order: int
    worst: str


def of(hosts: Sequence[Host]) -> Sums:
    """Those of these hosts. One that could not be read has a problem."""
    return Sums(
        len(hosts),
        sum(bool(host.actions) for host in hosts),
        sum(len(host.wipes) for host in hosts),
        sum(len(host.resets) for host in hosts),
        sum(host.reboots for host in hosts),
        sum(host.status == plan_hosts.FAILED or host.problems > 0 for host in hosts),
        sum(host.unknowns > 0 for host in hosts),
        sum(host.status == plan_hosts.UNREACHABLE for host in hosts),
        sum(host.in_order for host in hosts),
        max((host.worst for host in hosts), key=disruption.KINDS.index, default=disruption.NONE),
    )


def told(sums: Sums) -> str:
    """For people. What is rare is told only where it is there."""
    parts = [
        "{0} host{1}".format(sums.changes, " changes" if sums.changes == 1 else "s change"),
        *([counted(sums.wipes, "disk") + " wiped"] if sums.wipes else []),
        counted(sums.resets, "GPU reset"),
        counted(sums.reboots, "reboot"),
        "{0} in order".format(sums.in_order),
    ]
    return ", ".join(parts + _rare(sums))


def failure(sums: Sums, exit_on_changes: bool) -> str:
    """Why a plan with these sums counts as failed; empty where it does not."""
    if sums.problems or sums.unreachable or sums.unknown:
        return "Not all is well; the plan says of each problem what to do about it: " + told(sums)
    if exit_on_changes and sums.changes:
        return "Something would change, and edgesite_exit_on_changes is true: " + told(sums)
    return ""


def _rare(sums: Sums) -> List[str]:
    found = {"with problems": sums.problems, "with unknowns": sums.unknown, "unreachable": sums.unreachable}
    return ["{0} {1}".format(count, what) for what, count in found.items() if count]


def counted(count: int, what: str) -> str:
    """A number of things."""
    return "{0} {1}{2}".format(count, what, "" if count == 1 else "s")
