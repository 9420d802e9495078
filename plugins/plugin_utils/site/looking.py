# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at a host: what its inventory asks for is rendered, and then the host is asked once."""

from __future__ import annotations

import functools
import traceback
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.utils.display import Display

from ...module_utils import outcome
from ...module_utils.boot import tools
from ...module_utils.common import writable
from ...module_utils.common.errors import EdgesiteError
from ...module_utils.gpu import spec as gpu
from ...module_utils.mig import spec as mig
from ...module_utils.site import host_answer, host_look, layers, misplaced, plan_file
from .. import host_archive
from ..actions import HostActionBase
from . import as_written, desired, role_task
from .host_layers import Layers

# The host tools, which are there before any layer
TOOLS = "tools"
MODULE = "edgesite.gpu.host_plan"
_OF_GPUS: Dict[str, Tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "gpu": (gpu.OPTIONS, gpu.RULES),
    "mig": (mig.OPTIONS, mig.RULES),
}
# What Python raises of an answer that has another form than ours
_NONSENSE = (AttributeError, IndexError, KeyError, TypeError, ValueError)
# What Ansible tells of a module that could not run
_DETAILS = ("exception", "module_stdout", "module_stderr", "rc")

_NOT_RUN = "Check Python and sudo of the login user"
_REFUSED = "'-vvv' shows all that the host answered"

Options = Dict[str, Any]
_NOTHING = plan_file.digest(None)


class Asked(NamedTuple):
    """What a layer is asked. action: of the layer's module. args: its options. options: what the look is given.

    timeout: seconds that the layer may take; 0 for no limit. given: variables of the layer, as they are evaluated.
    """

    layer: str
    action: HostActionBase
    args: Options
    options: Options
    timeout: int
    given: Mapping[str, Any]


class Refused(NamedTuple):
    """A layer that no host could have as it is asked for."""

    layer: str
    why: Sequence[Exception]


class Seen(NamedTuple):
    """plan: see host_look.plan. told: by layer, what its module said. asked: the layers as they were rendered."""

    plan: Dict[str, Any]
    told: Dict[str, Dict[str, Any]]
    asked: Dict[str, Asked]


def render(base: HostActionBase, mine: Layers) -> List[Union[Asked, Refused]]:
    """What is asked of each layer. base: the action of the task, which has the host's variables."""
    return [
        Refused(layer, mine.wrong[layer]) if layer in mine.wrong else _rendered(base, layer, mine)
        for layer in mine.wanted
    ]


def render_what_is_left(base: HostActionBase, mine: Layers) -> List[Union[Asked, Refused]]:
    """The same, where somebody else tells what is wrong: of a layer, what is left is asked, if it can be."""
    wrong = {layer: mine.left[layer] for layer in mine.wrong if layer in mine.left}
    rendered = [
        _rendered(base, layer, mine)
        for layer in mine.wanted
        if layer not in wrong or wrong[layer].calls_for(layers.by_name(layer))
    ]
    return [one for one in rendered if isinstance(one, Asked) or one.layer not in wrong]


def _rendered(base: HostActionBase, layer: str, mine: Layers) -> Union[Asked, Refused]:
    left = mine.left[layer]
    try:
        variables = left.instead_of(base.variables) if layer in mine.wrong else base.variables
        args, timeout = role_task.evaluated(layer, variables, base.templar)
        writable.check(args)
        action = base.action(role_task.read(layer).module, args)
        # Each says what it would do.
        action._task.check_mode = True
        return Asked(layer, action, args, action.look_options(), timeout, left.given())
    except (EdgesiteError, AnsibleError) as error:
        return Refused(layer, [error])


def look(
    base: HostActionBase,
    rendered: Sequence[Union[Asked, Refused]],
    called: Sequence[str],
    more: Optional[Mapping[str, Any]] = None,
) -> Seen:
    """What the host says. called: the layers that its variables call for. more: options of the module in place of ours.

    Raises EdgesiteError where the host's answer is none.
    """
    asked = {one.layer: one for one in rendered if isinstance(one, Asked)}
    host = base.variables["inventory_hostname"]
    answer = _answer(base, asked, bool(rendered), {"tpm_tcti": _tcti(base), **(more or {})})
    host_answer.check(host, answer)
    told = {TOOLS: _sendable(host_answer.layer(host, TOOLS, answer["layers"].get(TOOLS)))} if rendered else {}
    for one in rendered:
        told[one.layer] = _told(host, one, answer, told)
    digests = {TOOLS: plan_file.digest(host_tools()[0])}
    digests.update({name: _digest(one) for name, one in asked.items()})
    entries = [host_look.entry(name, result, digests.get(name, _NOTHING)) for name, result in told.items()]
    refused = [one.layer for one in rendered if isinstance(one, Refused)]
    return Seen(host_look.plan(entries, answer["facts"], called, refused, _completed(asked)), told, asked)


def _digest(one: Asked) -> str:
    return desired.digest(one.layer, one.args, one.options, one.action.goes_by())


def _tcti(base: HostActionBase) -> Optional[str]:
    return base.templar.template(base.variables.get("edgesite_tpm_tcti", "")) or None


def _sendable(told: Dict[str, Any]) -> Dict[str, Any]:
    """What the look says of the host tools, where the controller has all of them to send."""
    try:
        if told.get("actions"):
            host_archive.files()
        return told
    except AnsibleError as error:
        return {"failed": True, "msg": str(error)}


def _completed(asked: Mapping[str, Asked]) -> Dict[str, Options]:
    """What layers of GPUs are asked, as their modules would have it."""
    found = {}
    for name, (spec, rules) in _OF_GPUS.items():
        if name in asked:
            checked = ArgumentSpecValidator(spec, **rules).validate(asked[name].options)
            found.update({} if checked.error_messages else {name: checked.validated_parameters})
    return found


def _told(
    host: str, one: Union[Asked, Refused], answer: Mapping[str, Any], earlier: Mapping[str, Any]
) -> Dict[str, Any]:
    """What a layer would do. One that cannot be judged does not hide the others."""
    if isinstance(one, Refused):
        return _refusal(one.layer, one.why)
    said = host_answer.layer(host, one.layer, answer["layers"].get(one.layer))
    try:
        told = host_answer.layer(host, one.layer, plan_file.as_sent(one.action.judge_look(said, earlier)))
        return _as_users_know_it(one, told, answer["facts"]) if told.get("failed") else told
    except Exception as error:
        return failure(host, one.layer, error)


def _as_users_know_it(one: Asked, told: Dict[str, Any], facts: Mapping[str, Any]) -> Dict[str, Any]:
    """A failure in the names of variables. A host that no layer of this kind is for would be told to get a driver."""
    wrong = misplaced.problems(layers.by_name(one.layer), one.given, facts)
    return _refusal(one.layer, wrong) if wrong else as_written.failure(one.layer, told)


def failure(host: str, layer: str, error: Exception) -> Dict[str, Any]:
    """What a layer ends with that raises. Call it where the error is being handled."""
    if isinstance(error, EdgesiteError):
        return {**error.details, "failed": True, "msg": str(error), "problems": outcome.listed([error])}
    if isinstance(error, AnsibleError):
        return {"failed": True, "msg": str(error)}
    Display().vvv(traceback.format_exc(), host=host)
    if isinstance(error, _NONSENSE):
        why = host_answer.nonsense(host, "{0}: {1}".format(layer, error))
    else:
        why = EdgesiteError("{0} broke off: {1}".format(layer, error), "Run again with -vvv to see where")
    return {"failed": True, "msg": str(why), "problems": outcome.listed([why])}


def _refusal(layer: str, why: Sequence[Exception]) -> Dict[str, Any]:
    fix = "Correct the variables of the layer {0}".format(layer)
    errors = [error if isinstance(error, EdgesiteError) else EdgesiteError(str(error), fix) for error in why]
    return {"failed": True, "msg": " ".join(map(str, errors)), "problems": outcome.listed(errors)}


@functools.lru_cache(maxsize=None)
def host_tools() -> Tuple[Optional[str], Mapping[str, bytes]]:
    """The host tools of this controller: their version and files."""
    files = host_archive.files(without_pynvml=True)
    return tools.version_of(host_archive.manifest(files)), files


def _answer(
    base: HostActionBase, asked: Mapping[str, Asked], tools_too: bool, more: Mapping[str, Any]
) -> Dict[str, Any]:
    version, files = host_tools()
    secrets = {name: desired.secret(name, one.options) for name, one in asked.items()}
    options = {
        **more,
        "layers": {name: _without(one.options, secrets[name]) for name, one in asked.items()},
        "secrets": {name: options for name, options in secrets.items() if options},
        "tools": version,
        "tools_wanted": tools_too,
    }
    result = base.run_module(MODULE, options)
    if result.get("needs_archive"):
        result = base.run_module(MODULE, {**options, "archive": base.send(host_archive.archive(dict(files)))})
    if result.get("failed"):
        raise _no_look(result)
    sent: Dict[str, Any] = plan_file.as_sent(result)
    return sent


def _no_look(result: Mapping[str, Any]) -> EdgesiteError:
    details = {name: result[name] for name in _DETAILS if name in result}
    why = str(result.get("msg", "The look gave no reason for its failure"))
    return EdgesiteError(why, _NOT_RUN if "module_stderr" in result else _REFUSED, details)


def _without(options: Options, those: Options) -> Options:
    return {name: value for name, value in options.items() if name not in those}
