# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a site: with its variables, on its controller, and with what its hosts have."""

from __future__ import annotations

import traceback
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Sequence, Set, Tuple

from ansible.utils.display import Display

from ...module_utils.common.errors import EdgesiteError
from ...module_utils.site import host_look, layers, leftover, misplaced, preflight, problem
from ...module_utils.site.layers import LAYERS, Layer
from ...module_utils.site.plan_shape import PROBLEM
from ...module_utils.site.problem import CONTROLLER, Problem
from . import defaults, meaning, names, on_controller, rest, specifications, variables
from .on_controller import Find
from .rest import Rest

Variables = Mapping[str, Any]

# The variable with the look at a host, and what of it is no layer
LOOK = "edgesite_plan"
_TOOLS = "tools"
_NAMES = [layer.name for layer in LAYERS]


class Scope(NamedTuple):
    """What is judged. layers: by name. facts: whether hosts were looked at before, into edgesite_plan.

    guard: raises where a host's facts stand in for its variables.
    """

    layers: Sequence[str]
    facts: bool
    find: Find
    guard: Callable[[str], None]


class Judgement(NamedTuple):
    """notes: what may be meant so. checked, unchecked: what was looked at, and what could not be, in words.

    called: by host, the layers that its variables call for. left: by host and such a layer, what of them is good.
    """

    problems: List[Problem]
    notes: List[str]
    checked: List[str]
    unchecked: List[str]
    called: Dict[str, List[str]]
    left: Dict[str, Dict[str, Rest]]


class _Host:
    """What is found of one host.

    values: of the variables whose form is good. asked: these, and the names of the others. rests: by layer that the
    variables call for, what of these is good as far as they say themselves. info: facts of the host, where it was
    looked at.
    """

    def __init__(self, name: str, given: Variables) -> None:
        self.name = name
        self.given = given
        self.problems: List[Problem] = []
        self.values: Dict[str, Any] = {}
        self.asked: Dict[str, Any] = {}
        self.rests: Dict[str, Rest] = {}
        self.info: Variables = {}

    def has(self, layer: str, errors: Iterable[EdgesiteError]) -> None:
        """Notes problems of the host. One variable may be wrong for two layers, and is so once."""
        said = {(one.problem, one.fix) for one in self.problems}
        self.problems += [
            problem.of(self.name, layer, error) for error in errors if (error.problem, error.fix) not in said
        ]

    def leads_to(self, layer: str, errors: Iterable[EdgesiteError]) -> None:
        """Notes problems on the controller that the host's variables lead to."""
        self.problems += [problem.of(CONTROLLER, layer, error)._replace(hosts=(self.name,)) for error in errors]


def judge(hostvars: Mapping[str, Variables], hosts: Sequence[str], scope: Scope) -> Judgement:
    """The judgement of these hosts, whatever one of them answers."""
    judged = [_judged(_Host(name, hostvars[name]), scope) for name in hosts]
    found = problem.once([one for host in judged for one in host.problems])
    called = {host.name: [layer.name for layer in layers.called(host.asked)] for host in judged}
    checked, unchecked = _extent(found, called, scope)
    notes = [*_models(judged), *_left(judged, called, scope)] if scope.facts else []
    left = {host.name: host.rests for host in judged}
    return Judgement(found, notes, checked, unchecked, called, left)


def _judged(host: _Host, scope: Scope) -> _Host:
    _guarded(host, lambda: _by_variables(host, scope))
    if scope.facts:
        _guarded(host, lambda: _by_look(host))
    return host


def _guarded(host: _Host, work: Callable[[], None]) -> None:
    """One host that answers nonsense must not keep the others from their judgement."""
    try:
        work()
    except EdgesiteError as error:
        host.has("facts", [error])
    except Exception:
        Display().vvv(traceback.format_exc(), host=host.name)
        host.problems.append(problem.garbled(host.name))


def _by_variables(host: _Host, scope: Scope) -> None:
    scope.guard(host.name)
    _of_playbooks(host)
    for role, specs in specifications.of_roles().items():
        read = variables.read(host.given, specs)
        host.values.update(read.values)
        host.asked.update({name: read.values.get(name, name) for name in read.given})
        if role not in _NAMES or role in scope.layers:
            host.has(role, [*read.problems, *meaning.of_any_role(read.values)])
        if role in scope.layers:
            _of_layer(host, layers.by_name(role), read, scope.find)


def _of_playbooks(host: _Host) -> None:
    read = variables.read(host.given, specifications.PLAYBOOKS)
    host.values.update(read.values)
    host.has("variables", [*read.problems, *meaning.of_any_role(read.values)])
    host.has("variables", names.unread(host.given, read.values.get(names.ALLOWED) or []))
    host.leads_to("report", on_controller.report(read.values.get("edgesite_report_file")))
    host.leads_to("plan", on_controller.plan(read.values, read.given))


def _of_layer(host: _Host, layer: Layer, read: variables.Read, find: Find) -> None:
    calling = [name for name in layer.variables if layers.calls(host.asked.get(name))]
    if not calling:
        return
    specs = specifications.of_roles()[layer.name]
    lacking = variables.missing(layer.name, read.given, specs, calling[0])
    left = rest.of(layer.name, read, lacking)
    values = left.with_defaults(specs)
    inherited = defaults.inherit(values, specs, host.values)
    wrong = left.told(lambda: meaning.problems(layer.name, values, host.name, inherited))
    host.has(layer.name, [*lacking.values(), *wrong])
    elsewhere = left.told(lambda: on_controller.problems(layer.name, values, find))
    host.leads_to(layer.name, elsewhere)
    alike = meaning.of_any_role(read.values)
    sound = left.without(problem.of(host.name, layer.name, error) for error in [*alike, *wrong])
    host.rests[layer.name] = sound


def _by_look(host: _Host) -> None:
    result = host.given.get(LOOK)
    silence = host_look.silence(host.name, result)
    if silence:
        host.problems.append(silence)
        return
    look = host_look.of_result(host.name, result)
    host.info = look["facts"]
    host.has("driver", preflight.of_nvml(host.info, layers.need_nvml(host.asked)))
    told = {entry["layer"]: _told(entry, host.info) for entry in look["layers"]}
    host.has(_TOOLS, told.get(_TOOLS, []))
    amiss = {layer for layer in host.rests if told.get(layer) != []}
    for layer, left in host.rests.items():
        own = [] if _follows(layer, amiss) else told.get(layer, [])
        host.has(layer, _of_layers_look(layer, left, own, host.info))


def _follows(layer: str, amiss: Set[str]) -> bool:
    """Whether a layer's problems may be there only since one that it builds on has some, or could not be looked at.

    GPUs are judged by the driver that is there.
    """
    return bool(amiss & (layers.judged_after(layer) - {"driver"}))


def _told(entry: Variables, info: Variables) -> List[EdgesiteError]:
    """What the layer's module said. A layer that waits for another one has no problem."""
    if entry["state"] != PROBLEM:
        return []
    errors = [EdgesiteError(one["problem"], one["fix"]) for one in entry["problems"]]
    return [error for error in errors if not preflight.follows(entry["layer"], error, info)]


def _of_layers_look(name: str, left: Rest, told: List[EdgesiteError], info: Variables) -> List[EdgesiteError]:
    layer = layers.by_name(name)
    return left.told(lambda: misplaced.problems(layer, left.given(), info)) or left.told(lambda: told)


def _left(judged: Sequence[_Host], called: Mapping[str, Sequence[str]], scope: Scope) -> List[str]:
    """Layers that hosts have and their variables do not call for."""
    found: Dict[str, List[str]] = {}
    for host in judged:
        for name in leftover.left(_layers(host.info), called[host.name]):
            found.setdefault(name, []).append(host.name)
    return [leftover.told(name, hosts) for name, hosts in found.items() if name in scope.layers]


def _layers(info: Variables) -> Variables:
    named = info.get("layers") if isinstance(info, Mapping) else None
    return {"layers": named} if isinstance(named, list) else {}


def _models(judged: Sequence[_Host]) -> List[str]:
    """Models that no GPU of the site has: a class may have none on a host, and it has some where it is meant."""
    have = [str(gpu["name"]) for host in judged for gpu in _gpus(host.info)]
    found: Dict[str, List[str]] = {}
    for host in judged:
        sound = {name: value for left in host.rests.values() for name, value in left.given().items()}
        for model in preflight.unmatched_models(sound, have):
            found.setdefault(model, []).append(host.name)
    return [
        "The model {0} in the variables of {1} matches no GPU on the hosts that were read".format(
            model, problem.some(hosts)
        )
        for model, hosts in sorted(found.items())
    ]


def _gpus(info: Variables) -> Sequence[Variables]:
    gpus = info.get("gpus") if isinstance(info, Mapping) else None
    return [gpu for gpu in gpus if isinstance(gpu, Mapping) and "name" in gpu] if isinstance(gpus, list) else []


def _extent(found: Sequence[Problem], called: Mapping[str, Sequence[str]], scope: Scope) -> Tuple[List[str], List[str]]:
    """What was looked at, and what was not."""
    named = [name for name in scope.layers if any(name in of_host for of_host in called.values())]
    count = len(called)
    checked = [
        "variables of {0} host{1}, layers {2}".format(count, "" if count == 1 else "s", ", ".join(named) or "none"),
        "files and keys on the controller",
    ]
    if not scope.facts:
        return checked, ["the hosts themselves, which the playbook edgesite.gpu.preflight reads"]
    silent = sorted({one.host for one in found if one.layer in problem.SILENT})
    checked.append("what {0} of them have".format(count - len(silent)))
    lost = ["what {0} have, as they could not be read".format(problem.some(silent))] if silent else []
    return checked, [*lost, "whether other programs change the same things, and what only fails when it is done"]
