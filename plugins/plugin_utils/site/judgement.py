# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a site: with its variables, on its controller, and with what its hosts have."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set

from ...module_utils.common.errors import EdgesiteError
from ...module_utils.site import layers, preflight, problem
from ...module_utils.site.layers import Layer
from ...module_utils.site.problem import CONTROLLER, Problem
from . import meaning, names, on_controller, specifications, variables
from .on_controller import Find

Variables = Mapping[str, Any]


class Scope(NamedTuple):
    """What is judged. layers: by name. facts: whether hosts were read before, into facts_result."""

    layers: Sequence[str]
    facts: bool
    find: Find


class Judgement(NamedTuple):
    """notes: what may be meant so. checked, unchecked: what was looked at, and what could not be, in words."""

    problems: List[Problem]
    notes: List[str]
    checked: List[str]
    unchecked: List[str]


class _Host(NamedTuple):
    problems: List[Problem]
    values: Dict[str, Any]
    called: List[str]


def judge(hostvars: Mapping[str, Variables], hosts: Sequence[str], scope: Scope) -> Judgement:
    """The judgement of these hosts, whatever one of them answers."""
    judged = {host: _guarded(host, lambda name=host: _of_host(name, hostvars[name], scope)) for host in hosts}
    found = problem.once([one for host in judged.values() for one in host.problems])
    called: Set[str] = {layer for host in judged.values() for layer in host.called}
    checked = "variables of {0} host{1}, layers {2}".format(
        len(hosts), "" if len(hosts) == 1 else "s", ", ".join(name for name in scope.layers if name in called) or "none"
    )
    if not scope.facts:
        beside = "what the hosts have; the playbook edgesite.gpu.preflight reads them"
        return Judgement(found, [], [checked, "files and keys on the controller"], [beside])
    silent = sorted({one.host for one in found if one.layer in ("connection", "facts")})
    unchecked = ["what {0} has, as it could not be read".format(host) for host in silent]
    return Judgement(
        found,
        _notes(hostvars, hosts, judged),
        [checked, "files and keys on the controller", "what {0} of them have".format(len(hosts) - len(silent))],
        [*unchecked, "whether other programs change the same things, and what fails only when it is done"],
    )


def _guarded(host: str, work: Callable[[], _Host]) -> _Host:
    """One host that answers nonsense must not keep the others from their judgement."""
    try:
        return work()
    except Exception as error:
        return _Host([problem.garbled(host, "{0}: {1}".format(type(error).__name__, error))], {}, [])


def _of_host(host: str, given: Variables, scope: Scope) -> _Host:
    found: List[Problem] = []
    values: Dict[str, Any] = {}
    good: List[Layer] = []
    playbooks = variables.read(given, specifications.PLAYBOOKS)
    found += [problem.of(host, "variables", error) for error in playbooks.problems]
    allowed = playbooks.values.get(names.ALLOWED) or []
    found += [problem.of(host, "variables", error) for error in names.unread(given, allowed)]
    found += _report(playbooks.values.get("edgesite_report_file"), host)
    for name, specs in specifications.of_roles().items():
        read = variables.read(given, specs)
        values.update(read.values)
        layer = _layer(name)
        if layer is not None and name not in scope.layers:
            continue
        found += [problem.of(host, name, error) for error in read.problems]
        calling = (
            [one for one in layer.variables if one in read.given and layers.calls(read.values.get(one))]
            if layer
            else []
        )
        if layer is None or not calling:
            continue
        lacking = variables.missing(name, read.given, specs, calling[0])
        found += [problem.of(host, name, error) for error in lacking]
        if not read.problems and not lacking:
            whole = variables.with_defaults(read.values, specs)
            wrong = meaning.problems(name, whole, host)
            found += [problem.of(host, name, error) for error in wrong]
            found += [_of_controller(name, error, host) for error in on_controller.problems(name, whole, scope.find)]
            good += [layer] if not wrong else []
    named = [layer.name for layer in layers.called(values)]
    if scope.facts:
        found += _by_facts(host, given, values, good)
    return _Host(found, values, named)


def _layer(name: str) -> Optional[Layer]:
    return next((layer for layer in layers.LAYERS if layer.name == name), None)


def _report(path: Optional[str], host: str) -> List[Problem]:
    try:
        if path:
            on_controller.report_folder(path)
    except EdgesiteError as error:
        return [_of_controller("report", error, host)]
    return []


def _of_controller(layer: str, error: EdgesiteError, host: str) -> Problem:
    return problem.of(CONTROLLER, layer, error)._replace(hosts=(host,))


def _by_facts(host: str, given: Variables, values: Variables, good: Sequence[Layer]) -> List[Problem]:
    info = given.get("facts_result")
    if info and info.get("unreachable"):
        return [problem.unreachable(host, info.get("msg", ""))]
    if not info or info.get("failed"):
        return [problem.unread(host, (info or {}).get("msg", "it gave no answer"))]
    found = [("driver", error) for error in preflight.of_nvml(info, layers.need_nvml(values))]
    for layer in good:
        found += [(layer.name, error) for error in layer.judge(values, info)] if layer.judge else []
    return [problem.of(host, name, error) for name, error in found]


def _notes(hostvars: Mapping[str, Variables], hosts: Sequence[str], judged: Mapping[str, _Host]) -> List[str]:
    """Models that no GPU of the site has: a class may have none on a host, and it has some where it is meant."""
    have = [str(gpu["name"]) for host in hosts for gpu in _gpus(hostvars[host])]
    found: Dict[str, List[str]] = {}
    for host, one in judged.items():
        if not one.problems:
            for model in preflight.unmatched_models(one.values, have):
                found.setdefault(model, []).append(host)
    return [
        "The model {0} is in the variables of {1}, and no GPU of these hosts is one".format(model, ", ".join(named[:3]))
        for model, named in sorted(found.items())
    ]


def _gpus(given: Variables) -> Sequence[Variables]:
    info = given.get("facts_result") or {}
    return [gpu for gpu in info.get("gpus") or [] if isinstance(gpu, Mapping) and "name" in gpu]
