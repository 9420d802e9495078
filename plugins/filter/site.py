# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight's and the report's judgements, for playbooks."""

from __future__ import annotations

import traceback
from typing import Any, Callable, Dict, List, Mapping, Sequence

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.utils.display import Display
from jinja2.exceptions import UndefinedError

from ..module_utils.site import layers, preflight, report
from ..module_utils.site.layers import Judge
from ..module_utils.site.preflight import Problem

Variables = Mapping[str, Any]


def preflight_problems(hostvars: Mapping[str, Variables], hosts: Sequence[str]) -> List[List[str]]:
    """Every problem of these hosts."""
    problems: List[Problem] = []
    for host in hosts:
        problems += _problems(host, hostvars[host])
    # lists, as ansible-core 2.18 makes text of other sequences
    return [list(problem) for problem in problems]


def preflight_table(problems: Sequence[Sequence[str]]) -> str:
    """The problems as text."""
    return "\n".join(preflight.by_host([Problem(*problem) for problem in problems]))


def site_rows(hostvars: Mapping[str, Variables], hosts: Sequence[str]) -> List[Dict[str, Any]]:
    """What a run found and changed, a dictionary per host."""
    return [_row(host, hostvars[host]) for host in hosts]


def site_table(rows: Sequence[Mapping[str, Any]], check: bool = False) -> str:
    """The rows as text. check: the run was in check mode."""
    return "\n".join(report.table(rows, check))


# A host that answers nonsense must not keep the others from their problems and rows.
def _problems(host: str, variables: Variables) -> List[Problem]:
    try:
        return _of_host(host, variables)
    except Exception as error:
        return [preflight.garbled(host, "{0}: {1}".format(type(error).__name__, error))]


def _row(host: str, variables: Variables) -> Dict[str, Any]:
    try:
        return report.row(host, variables)
    except Exception:
        Display().vvv(traceback.format_exc(), host=host)
        return report.garbled_row(host)


def _of_host(host: str, variables: Variables) -> List[Problem]:
    info = variables.get("facts_result")
    if info and info.get("unreachable"):
        return [preflight.unreachable(host, info.get("msg", ""))]
    if "preflight_failure" in variables or not info:
        return [preflight.unread(host, variables.get("preflight_failure", "it gave no answer"))]
    problems = preflight.of_nvml(host, info, layers.need_nvml(variables))
    for layer in layers.LAYERS:
        for judge in layer.judges:
            problems += _judged(host, layer.name, judge, variables, info)
    return problems


def _judged(host: str, layer: str, judge: Judge, variables: Variables, info: Variables) -> List[Problem]:
    given = [name for name in judge.variables if name in variables]
    if not given:
        return []
    try:
        if not judge.spec:
            return judge.problems(host, variables, info)
        result = ArgumentSpecValidator(judge.spec).validate({name: variables[name] for name in given})
        if result.error_messages:
            fix = "See 'ansible-doc edgesite.gpu.{0}' for the form of {1}".format(judge.module, " and ".join(given))
            return preflight.invalid(host, layer, result.error_messages, fix)
        return judge.problems(host, result.validated_parameters, info)
    except (AnsibleError, UndefinedError) as error:
        fix = "Correct the variable {0} of this host".format(" or ".join(given))
        return preflight.invalid(host, layer, [" ".join(str(error).split())], fix)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> Dict[str, Callable[..., Any]]:
        """By name."""
        return {
            "preflight_problems": preflight_problems,
            "preflight_table": preflight_table,
            "site_rows": site_rows,
            "site_table": site_table,
        }
