# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at a host: what its inventory asks for is rendered, and then the host is asked once."""

from __future__ import annotations

import functools
import json
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from ansible.errors import AnsibleError

from ...module_utils.boot import tools
from ...module_utils.common.errors import EdgesiteError
from ...module_utils.driver import spec as driver
from ...module_utils.site import host_look, plan_file
from ...module_utils.storage import spec as storage
from .. import host_archive
from ..actions import HostActionBase
from . import role_task
from .host_layers import Layers

# The host tools, which are there before any layer
TOOLS = "tools"
MODULE = "edgesite.gpu.host_plan"
_SPECS: Dict[str, Mapping[str, Any]] = {"driver": driver.OPTIONS, "storage": storage.OPTIONS}
# Of what a layer is asked, that which is another each time
_PASSING = ("clock",)

Options = Dict[str, Any]
_NOTHING = plan_file.digest(None)


class Asked(NamedTuple):
    """What a layer is asked. action: of the layer's module. args: its options. options: what the look is given.

    timeout: seconds that the layer may take; 0 for no limit.
    """

    layer: str
    action: HostActionBase
    args: Options
    options: Options
    timeout: int


class Refused(NamedTuple):
    """A layer that no host could have as it is asked for."""

    layer: str
    why: str


class Seen(NamedTuple):
    """plan: see host_look.plan. told: by layer, what its module said. asked: the layers as they were rendered."""

    plan: Dict[str, Any]
    told: Dict[str, Dict[str, Any]]
    asked: Dict[str, Asked]


def render(base: HostActionBase, mine: Layers) -> List[Union[Asked, Refused]]:
    """What is asked of each layer. base: the action of the task, which has the host's variables."""
    return [
        Refused(layer, mine.wrong[layer]) if layer in mine.wrong else _rendered(base, layer) for layer in mine.wanted
    ]


def _rendered(base: HostActionBase, layer: str) -> Union[Asked, Refused]:
    try:
        args, timeout = role_task.evaluated(layer, base.variables, base.templar)
        action = base.action(role_task.read(layer).module, args)
        # Each says what it would do.
        action._task.check_mode = True
        return Asked(layer, action, args, action.look_options(), timeout)
    except (EdgesiteError, AnsibleError) as error:
        return Refused(layer, str(error))


def look(
    base: HostActionBase,
    rendered: Sequence[Union[Asked, Refused]],
    called: Sequence[str],
    more: Optional[Mapping[str, Any]] = None,
) -> Seen:
    """What the host says. called: the layers that its variables call for. more: further options of the module.

    Raises EdgesiteError where the host's answer is none.
    """
    asked = {one.layer: one for one in rendered if isinstance(one, Asked)}
    answer = _answer(base, asked, bool(called), more or {})
    told = {name: _sendable(result) for name, result in answer["layers"].items() if name == TOOLS}
    for one in rendered:
        told[one.layer] = _told(one, answer["layers"], told)
    desired = {TOOLS: plan_file.digest(host_tools()[0]), **{name: _desired(one) for name, one in asked.items()}}
    entries = [host_look.entry(name, result, desired.get(name, _NOTHING)) for name, result in told.items()]
    return Seen(host_look.plan(entries, answer["facts"], called), told, asked)


def _sendable(told: Dict[str, Any]) -> Dict[str, Any]:
    """What the look says of the host tools, where the controller has all of them to send."""
    try:
        if told.get("actions"):
            host_archive.files()
        return told
    except AnsibleError as error:
        return {"failed": True, "msg": str(error)}


def _told(one: Union[Asked, Refused], answers: Mapping[str, Any], earlier: Mapping[str, Any]) -> Dict[str, Any]:
    if isinstance(one, Refused):
        return {"failed": True, "msg": one.why}
    told: Dict[str, Any] = one.action.judge_look(answers[one.layer], earlier)
    return told


@functools.lru_cache(maxsize=None)
def host_tools() -> Tuple[Optional[str], Mapping[str, bytes]]:
    """The host tools of this controller: their version and files."""
    files = host_archive.files(without_pynvml=True)
    return tools.version_of(host_archive.manifest(files)), files


def _answer(
    base: HostActionBase, asked: Mapping[str, Asked], tools_too: bool, more: Mapping[str, Any]
) -> Dict[str, Any]:
    version, files = host_tools()
    secrets = {name: _secret(one) for name, one in asked.items() if _secret(one)}
    options = {
        **more,
        "layers": {name: _open(one) for name, one in asked.items()},
        "secrets": secrets,
        "tools": version,
        "tools_wanted": tools_too,
    }
    result = base.run_module(MODULE, options)
    if result.get("needs_archive"):
        result = base.run_module(MODULE, {**options, "archive": base.send(host_archive.archive(dict(files)))})
    if result.get("failed"):
        raise EdgesiteError(str(result.get("msg", "the host gives no reason")), "Correct this, and run again")
    return result


def _secret(one: Asked) -> Options:
    spec = _SPECS.get(one.layer, {})
    return {name: value for name, value in one.options.items() if spec.get(name, {}).get("no_log") and value}


def _open(one: Asked) -> Options:
    return {name: value for name, value in one.options.items() if name not in _secret(one)}


def _desired(one: Asked) -> str:
    secret = {name: plan_file.digest(_plain(value)) for name, value in _secret(one).items()}
    return plan_file.digest(_plain(_lasting({**one.options, **secret})))


def _plain(value: Any) -> Any:
    """As it is sent; YAML may have a date where it is no option of ours."""
    return json.loads(json.dumps(value, default=str))


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _lasting(one) for name, one in value.items() if name not in _PASSING}
    return [_lasting(one) for one in value] if isinstance(value, list) else value
