# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site's plan for people: what would happen on each host, in words and pictures, and a sum at the end."""

from __future__ import annotations

import textwrap
from typing import Any, List

from . import host_names, plan_blocks, plan_hosts, plan_sums, slices
from .plan_blocks import Block

# So much of a terminal of 100 columns is left where Ansible shows the lines as a list.
WIDTH = 88


def lines(looks: Any) -> List[str]:
    """The plan of these looks (host_plan's results).

    A block for each host that is not in order, or for several that are alike: layers in their order, actions in theirs.
    Then what is left over of earlier wishes, the hosts that are in order in one line, and the sum.
    """
    hosts = plan_hosts.of(looks)
    told = [line for block in plan_blocks.of(hosts) for line in _block(block)]
    drawn = [slices.LEGEND] if any(slices.is_drawn(line) for line in told) else []
    ending = drawn + plan_blocks.notes(hosts) + _in_order(plan_blocks.in_order(hosts))
    return told + ending + [plan_sums.told(plan_sums.of(hosts))]


def _block(block: Block) -> List[str]:
    """As text, with an empty line behind it."""
    return [*names(block, block.title), *block.lines, ""]


def names(block: Block, behind: str) -> List[str]:
    """The block's hosts, and what stands behind them, on as many lines as it takes."""
    told = ", ".join(host_names.ranges(block.hosts)) + behind
    return textwrap.wrap(told, WIDTH, break_long_words=False, break_on_hyphens=False)


def _in_order(hosts: List[str]) -> List[str]:
    if not hosts:
        return []
    prefix = "In order: "
    return [prefix + host_names.line(hosts, WIDTH - len(prefix))]
