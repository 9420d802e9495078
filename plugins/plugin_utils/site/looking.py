# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at a host: what its inventory asks for is rendered, and then the host is asked once."""

from __future__ import annotations

import functools
import json
import traceback
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from ansible.errors import AnsibleError
from ansible.utils.display import Display

from ...module_utils.boot import tools
from ...module_utils.common import writable
from ...module_utils.common.errors import EdgesiteError
from ...module_utils.driver import spec as driver
from ...module_utils.site import host_answer, host_look, plan_file
from ...module_utils.storage import spec as storage
from .. import host_archive
from ..actions import HostActionBase
from . import role_task
from .host_layers import Layers

# The host tools, which are there before any layer
TOOLS = "tools"
MODULE = "edgesite.gpu.host_plan"
_SPECS: Dict[str, Mapping[str, Any]] = {"driver": driver.OPTIONS, "storage": storage.OPTIONS}
# Of what a layer is asked, that which is another each time, and what only opens something
_ASIDE = {"identity": ("clock", "owner_auth", "passphrase", "headers")}
# Files on the controller. Each run may have its own checkout, so only their names count.
_FILES = {
    "driver": ("key",),
    "identity": (
        *("certificate", "chain", "crl_files", "ek_certificates", "privatekey", "roots", "state_dir"),
        *("tpm_intermediates", "tpm_roots"),
    ),
    "mig": ("from_file",),
    "storage": ("escrow_dir",),
}

# What Python raises of an answer that has another form than ours
_NONSENSE = (AttributeError, IndexError, KeyError, TypeError, ValueError)
# What Ansible tells of a module that could not run
_DETAILS = ("exception", "module_stdout", "module_stderr", "rc")

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
        writable.check(args)
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
    host = base.variables["inventory_hostname"]
    answer = _answer(base, asked, bool(rendered), more or {})
    host_answer.check(host, answer)
    told = {TOOLS: host_answer.layer(host, TOOLS, answer["layers"].get(TOOLS))} if rendered else {}
    for one in rendered:
        told[one.layer] = _told(host, one, answer["layers"], told)
    desired = {TOOLS: plan_file.digest(host_tools()[0]), **{name: _desired(one) for name, one in asked.items()}}
    entries = [host_look.entry(name, result, desired.get(name, _NOTHING)) for name, result in told.items()]
    refused = [one.layer for one in rendered if isinstance(one, Refused)]
    return Seen(host_look.plan(entries, answer["facts"], called, refused), told, asked)


def _told(
    host: str, one: Union[Asked, Refused], answers: Mapping[str, Any], earlier: Mapping[str, Any]
) -> Dict[str, Any]:
    """What a layer would do. One that cannot be judged does not hide the others."""
    if isinstance(one, Refused):
        return {"failed": True, "msg": one.why}
    answer = host_answer.layer(host, one.layer, answers.get(one.layer))
    try:
        return host_answer.layer(host, one.layer, _plain(one.action.judge_look(answer, earlier)))
    except Exception as error:
        return failure(host, one.layer, error)


def failure(host: str, layer: str, error: Exception) -> Dict[str, Any]:
    """What a layer ends with that raises. Call it where the error is being handled."""
    if isinstance(error, EdgesiteError):
        return {**error.details, "failed": True, "msg": str(error)}
    if isinstance(error, AnsibleError):
        return {"failed": True, "msg": str(error)}
    Display().vvv(traceback.format_exc(), host=host)
    if isinstance(error, _NONSENSE):
        why = host_answer.nonsense(host, "{0}: {1}".format(layer, error))
    else:
        why = EdgesiteError("{0} broke off: {1}".format(layer, error), "Run again with -vvv to see where")
    return {"failed": True, "msg": str(why)}


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
        details = {name: result[name] for name in _DETAILS if name in result}
        why = str(result.get("msg", "The look gave no reason for its failure"))
        raise EdgesiteError(why, "'-vvv' shows all that the host answered", details)
    plain: Dict[str, Any] = _plain(result)
    return plain


def _secret(one: Asked) -> Options:
    spec = _SPECS.get(one.layer, {})
    return {name: value for name, value in one.options.items() if spec.get(name, {}).get("no_log") and value}


def _open(one: Asked) -> Options:
    return {name: value for name, value in one.options.items() if name not in _secret(one)}


def _desired(one: Asked) -> str:
    secret = {name: plan_file.digest(_plain(value)) for name, value in _secret(one).items()}
    asked = {**one.args, **one.options, **secret}
    return plan_file.digest(_lasting(_plain(asked), _ASIDE.get(one.layer, ()), _FILES.get(one.layer, ())))


def _plain(value: Any) -> Any:
    """As it is sent; YAML may have a date where it is no option of ours."""
    return json.loads(json.dumps(value, default=str))


def _lasting(value: Any, aside: Sequence[str], files: Sequence[str]) -> Any:
    if isinstance(value, list):
        return [_lasting(one, aside, files) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _named(one) if name in files else _lasting(one, aside, files)
        for name, one in value.items()
        if name not in aside
    }


def _named(files: Any) -> Any:
    """The names of files, without their folders."""
    if isinstance(files, list):
        return [_named(one) for one in files]
    return files.rstrip("/").rpartition("/")[2] if isinstance(files, str) else files
