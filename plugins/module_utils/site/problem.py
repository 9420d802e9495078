# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands between a site and what its inventory asks for, in words."""

from __future__ import annotations

import re
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

from ..common import lines
from ..common.errors import EdgesiteError

CONTROLLER = "controller"
# The layers of problems after which no more is known of a host
SILENT = ("connection", "facts")
_VARIABLE = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z_]\w*|\[[^\]\s]*\])*", re.ASCII)
# Of the hosts that have one problem on the controller, this many are named.
_NAMED = 3


class Problem(NamedTuple):
    """One thing to correct before the site can converge. variable: where it was written, such as gpu_settings[0].gpus.

    hosts: for a problem on the controller, those whose variables lead to it.
    """

    host: str
    layer: str
    variable: str
    problem: str
    fix: str
    hosts: Tuple[str, ...] = ()


def of(host: str, layer: str, error: EdgesiteError) -> Problem:
    """The problem that an error tells of, which begins with the variable where it has one."""
    found = _VARIABLE.match(error.problem)
    named = found.group() if found and "_" in found.group() else ""
    return Problem(host, layer, named, error.problem, error.fix)


def unreachable(host: str, why: str) -> Problem:
    """The host did not answer."""
    return Problem(
        host,
        "connection",
        "",
        "The host cannot be reached: {0}".format(lines.in_one(why)),
        "Check power, network and SSH of the host; 'ansible {0} -m ansible.builtin.ping' shows the attempt".format(
            host
        ),
    )


def unread(host: str, why: str, fix: str = "") -> Problem:
    """The host answered but could not be read."""
    told = "The host could not be read: {0}".format(why)
    return Problem(host, "facts", "", told, fix or "Check Python and sudo of the login user")


def garbled(host: str) -> Problem:
    """Answers that our modules do not give."""
    return Problem(
        host,
        "facts",
        "",
        "What the host answered is not what modules of edgesite.gpu answer",
        "Find out with 'ansible {0} -m edgesite.gpu.gpu_info' what answers in place of Python on it; -vvv shows what "
        "is wrong".format(host),
    )


def once(problems: Sequence[Problem]) -> List[Problem]:
    """The problems, each once: what is wrong on the controller is so for all hosts that it is for."""
    found: Dict[Problem, List[str]] = {}
    for problem in problems:
        hosts = found.setdefault(problem._replace(hosts=()), [])
        hosts += [host for host in problem.hosts if host not in hosts]
    return sorted(problem._replace(hosts=tuple(sorted(hosts))) for problem, hosts in found.items())


def count(problems: Sequence[Problem]) -> str:
    """How many there are."""
    if not problems:
        return "No problems found"
    return "{0} problem{1} found".format(len(problems), "" if len(problems) == 1 else "s")


def told(problems: Sequence[Problem]) -> List[str]:
    """The problems as lines for people, each with its fix. What hosts have in common, as by a group, is told once."""
    alike: Dict[Problem, List[str]] = {}
    for problem in problems:
        alike.setdefault(problem._replace(host=""), []).append(problem.host)
    text = []
    for problem, hosts in alike.items():
        text.append(
            "{0}{1}: [{2}] {3}".format(some(hosts), _for(problem.hosts), problem.layer, lines.in_one(problem.problem))
        )
        text.append("    fix: {0}".format(lines.in_one(problem.fix)))
    return text


def sentences(problem: Problem) -> str:
    """The problem and its fix."""
    return str(EdgesiteError(problem.problem, problem.fix))


def as_dict(problem: Problem) -> Dict[str, Any]:
    """The problem for programs."""
    return {**problem._asdict(), "hosts": list(problem.hosts)}


def some(hosts: Sequence[str]) -> str:
    """The first of these hosts, and how many more there are."""
    more = len(hosts) - _NAMED
    return "{0}{1}".format(", ".join(hosts[:_NAMED]), " and {0} more".format(more) if more > 0 else "")


def _for(hosts: Sequence[str]) -> str:
    return ", for " + some(hosts) if hosts else ""
