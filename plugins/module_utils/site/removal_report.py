# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a removal took off each host, and what stays there, from the results that the role remove registered."""

from __future__ import annotations

from typing import Any, List, Mapping, Optional

from ..common import lines
from . import problem


def of_host(host: str, result: Optional[Mapping[str, Any]], check: bool) -> List[str]:
    """Lines for people. check: all of it would be done, and was not."""
    if not result or result.get("skipped"):
        return ["{0}: not reached".format(host)]
    if result.get("failed") or result.get("unreachable"):
        return ["{0}: failed: {1}".format(host, _one_line(result.get("msg", "no message")))]
    return [_head(host, result, check), *_kept(result), *_in_force(result)]


def garbled(host: str) -> List[str]:
    """Of a host whose answer has no meaning."""
    return ["{0}: {1}".format(host, problem.sentences(problem.garbled(host)))]


def _head(host: str, result: Mapping[str, Any], check: bool) -> str:
    count = len(result["actions"])
    if not count:
        return "{0}: nothing was there to remove".format(host)
    told = "{0} step{1}".format(count, "" if count == 1 else "s")
    return "{0}: {1} would be done; nothing was changed".format(host, told) if check else "{0}: {1}".format(host, told)


def _kept(result: Mapping[str, Any]) -> List[str]:
    return [
        "  stays: {0} ({1}); by hand: {2}".format(*(_one_line(entry[key]) for key in ("what", "why", "by_hand")))
        for entry in result["kept"]
    ]


def _in_force(result: Mapping[str, Any]) -> List[str]:
    keys = ("what", "value", "until", "by_hand")
    return [
        "  in force: {0}, {1}, until {2}; by hand: {3}".format(*(_one_line(entry[key]) for key in keys))
        for entry in result["in_force"]
    ]


def _one_line(text: Any) -> str:
    return lines.in_one(str(text))
