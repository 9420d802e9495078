# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site's plan as the comment of a pull request, for GitHub and GitLab.

What hosts say stands in code blocks, where nothing in it is a link, HTML, a mention or the end of a table. Around them
are words of ours and names of hosts as HTML code, which is no Markdown. So nothing else needs to be escaped.
"""

from __future__ import annotations

import re
from typing import Any, List, NamedTuple, Sequence

from . import host_names, plan_blocks, plan_hosts, plan_sums, plan_text, slices
from .plan_blocks import Block

# By this a job finds the comment of its last run.
MARK = "<!-- edgesite.gpu plan -->"
# GitHub takes 65,536 characters; no text has more characters than bytes.
LIMIT = 65000
# What the note on what was cut needs, and the end of a code block
_RESERVE = 500
# A plan with more lines is closed, and shows its hosts alone.
_OPEN = 40
_CUT = "\n**Cut here, as a comment has no room for more: {0} missing. The text and JSON of the plan have all.**\n"
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}


class _Part(NamedTuple):
    """Something that opens and closes. summary: HTML. lines: of the code block. hosts: how many it is about."""

    summary: str
    lines: Sequence[str]
    hosts: int


def text(looks: Any) -> str:
    """The plan of these looks (host_plan's results), with the sum and what is wrong first, as readers begin there."""
    hosts = plan_hosts.of(looks)
    blocks = sorted(plan_blocks.of(hosts), key=lambda block: -block.rank)
    parts = [_of_block(block) for block in blocks] + _ending(hosts)
    head = "{0}\n### Plan of the site\n\n**{1}**\n".format(MARK, plan_sums.told(plan_sums.of(hosts)))
    return head + _fitting(parts, LIMIT - len(head))


def _of_block(block: Block) -> _Part:
    names = host_names.line(block.hosts, plan_text.WIDTH)
    whole = plan_text.names(block, "")
    summary = "<code>{0}</code>{1}".format(_html(names), block.title)
    return _Part(summary, [*(whole if whole != [names] else []), *block.lines], len(block.hosts))


def _ending(hosts: Sequence[plan_hosts.Host]) -> List[_Part]:
    notes, settled = plan_blocks.notes(hosts), plan_blocks.in_order(hosts)
    in_order = [", ".join(host_names.ranges(settled))]
    left = [_Part("Left over of earlier wishes", notes, 0)] if notes else []
    return left + ([_Part("In order: {0}".format(len(settled)), in_order, len(settled))] if settled else [])


def _fitting(parts: Sequence[_Part], room: int) -> str:
    """The parts as far as there is room, and a word on what is cut."""
    is_open = sum(len(part.lines) for part in parts) <= _OPEN
    drawn = any(slices.is_drawn(line) for part in parts for line in part.lines)
    told = "\n`{0}`\n".format(slices.LEGEND) if drawn else ""
    for place, part in enumerate(parts):
        more = _details(part, part.lines, is_open)
        if _bytes(told + more) > room - _RESERVE:
            return told + _cut(parts[place:], room - _RESERVE - _bytes(told))
        told += more
    return told


def _cut(parts: Sequence[_Part], room: int) -> str:
    """The lines of the first part for which there is room, and how many are missing."""
    first = parts[0]
    shown = len(first.lines)
    while shown and _bytes(_details(first, first.lines[:shown], False)) > room:
        shown //= 2
    told = _details(first, first.lines[:shown], False) if shown else ""
    lost = plan_sums.counted(sum(len(part.lines) for part in parts) - shown, "line")
    about = sum(part.hosts for part in parts)
    return told + _CUT.format(lost + (" about " + plan_sums.counted(about, "host") if about else ""))


def _details(part: _Part, lines: Sequence[str], is_open: bool) -> str:
    fence = _fence(lines)
    opening = "<details open>" if is_open else "<details>"
    return "\n{0}<summary>{1}</summary>\n\n{2}text\n{3}\n{2}\n\n</details>\n".format(
        opening, part.summary, fence, "\n".join(lines)
    )


def _fence(lines: Sequence[str]) -> str:
    """One that no line ends."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    return "`" * max(3, longest + 1)


def _html(value: str) -> str:
    return "".join(_HTML.get(character, character) for character in value)


def _bytes(value: str) -> int:
    return len(value.encode("utf-8"))
