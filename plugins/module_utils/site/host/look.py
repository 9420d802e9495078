# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at a whole host: its facts, and of each layer what its module says in check mode.

What a layer needs is imported when it is asked for: a host pays for what it has.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import traceback
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional, Sequence

from ...boot import tools
from ...boot.host import tools as host_tools
from ...common.errors import EdgesiteError
from ...common.host import command
from ...converge import described_by
from ...gpu.host.process import SharedNvml
from ...outcome import failure
from . import facts

Options = Mapping[str, Any]
Result = Dict[str, Any]
# Options of a module, by its specification and the rules between them, as Ansible has checked and completed them.
# Raises ValueError.
Check = Callable[[Mapping[str, Any], Mapping[str, Any], Options], Options]

# of layers whose code is not in the room of their name
_ROOMS = {"jetpack": "jetson"}
_BUG = "This is a bug in edgesite.gpu: please report it with this text"


class Wanted(NamedTuple):
    """What is asked. layers: by name, their modules' options, with which the names are in the order of a run.

    gather: subsets of facts. tpm_tcti: as gpu_info's. tools: the version of the host tools that is to be there; None
    where none need be.
    """

    layers: Mapping[str, Options]
    gather: Sequence[str] = facts.SUBSETS
    tpm_tcti: Optional[str] = None
    tools: Optional[str] = None


def look(wanted: Wanted, check: Check, verbosity: int = 0) -> Dict[str, Any]:
    """facts, and layers by name; a layer that fails in any way does not hide the others. check: of layers' options."""
    found: Dict[str, Result] = {}
    with contextlib.closing(SharedNvml()) as nvml:
        read = facts.read(command.run, wanted.gather, wanted.tpm_tcti, shared=nvml if wanted.gather else None)
        if wanted.tools is not None:
            version = wanted.tools
            found["tools"] = _guarded(lambda: _of_tools(version), verbosity)
        for name, options in wanted.layers.items():
            found[name] = _guarded(functools.partial(_of, name, options, check, nvml, found, verbosity), verbosity)
    return {"facts": read, "layers": found}


def _of(
    name: str, options: Options, check: Check, nvml: SharedNvml, earlier: Mapping[str, Result], verbosity: int
) -> Result:
    """What a layer's module says in check mode."""
    room = _ROOMS.get(name, name)
    # relative, as the folder that this code runs from may have any name
    spec: Any = importlib.import_module("...{0}.spec".format(room), __package__)
    layer: Any = importlib.import_module("...{0}.host.layer".format(room), __package__)
    told: Result = layer.look(_checked(name, spec, options, check), nvml, earlier, verbosity)
    # It is before and after once more, and links are thin.
    return {key: value for key, value in told.items() if key != "diff"}


def _checked(name: str, spec: Any, options: Options, check: Check) -> Options:
    try:
        return check(spec.OPTIONS, spec.RULES, options)
    except ValueError as error:
        raise EdgesiteError(
            "What the inventory asks of {0} has the wrong form: {1}".format(name, error),
            "'ansible-doc -t role edgesite.gpu.{0}' shows the form of each variable".format(name),
        ) from error


def _of_tools(version: str) -> Result:
    """The host tools, by the version that they are to have."""
    there = host_tools.observe()
    made = [] if tools.version_of(there.files) == version else [tools.Install(version, there.version)]
    told = [{**described_by(tools, action), "version": version} for action in made]
    before, after = {"version": there.version}, {"version": version}
    return {"changed": bool(made), "actions": told, "before": before, "after": after if made else before}


def _guarded(work: Callable[[], Result], verbosity: int) -> Result:
    try:
        return work()
    except EdgesiteError as error:
        return failure(error, verbosity)
    except Exception as error:
        why = EdgesiteError("{0}: {1}".format(type(error).__name__, error), _BUG)
        return {**failure(why, verbosity), "exception": traceback.format_exc()}
