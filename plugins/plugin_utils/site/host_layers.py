# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layers of one host: which its variables call for, which the run's tags select, and what is wrong with them."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from ...module_utils.common.errors import EdgesiteError, combined
from ...module_utils.site import layers
from ...module_utils.site.problem import Problem
from .. import inventory_guard
from ..actions import HostActionBase
from . import judgement, tags
from .evaluated import Evaluated
from .judgement import Scope
from .rest import Rest

# Of the tasks that look at a host
OPTIONS: Dict[str, Dict[str, Any]] = {"select": {"type": "list", "elements": "str"}}
_LAYERS = [layer.name for layer in layers.LAYERS]


class Layers(NamedTuple):
    """called: all that the host's variables call for. wanted: of these, those that this run is for, in order.

    wrong: by layer, what is wrong with its variables, or on the controller. left: by layer, what is good of these.
    """

    called: List[str]
    wanted: List[str]
    wrong: Dict[str, List[EdgesiteError]]
    left: Mapping[str, Rest]


def of(base: HostActionBase, select: Optional[Sequence[str]] = None, despite_mistakes: bool = False) -> Layers:
    """Those of the task's host. Raises EdgesiteError where something is wrong that is no layer's.

    select: names, in place of the run's tags. despite_mistakes: somebody else tells of what is wrong.
    """
    host = base.variables["inventory_hostname"]
    given = {host: Evaluated(base.variables, base.templar)}

    def guard(name: str) -> None:
        inventory_guard.check_host(base.variables, name)

    selected = tags.layers(base.variables, base.tags, given, guard) if select is None else _known(select)
    found = judgement.judge(given, [host], Scope(selected, False, base.find, guard))
    general = [one for one in found.problems if one.layer not in _LAYERS]
    if general and not despite_mistakes:
        raise combined([EdgesiteError(one.problem, one.fix) for one in general])
    called = found.called[host]
    wanted = [name for name in called if name in selected]
    return Layers(called, wanted, _by_layer(found.problems), found.left[host])


def _known(names: Sequence[str]) -> List[str]:
    unknown = [name for name in names if name not in _LAYERS]
    if unknown:
        raise EdgesiteError(
            "select has {0}, which is no layer".format(", ".join(map(repr, unknown))),
            "Choose from {0}".format(", ".join(_LAYERS)),
        )
    return [name for name in _LAYERS if name in names]


def _by_layer(problems: Sequence[Problem]) -> Dict[str, List[EdgesiteError]]:
    wrong: Dict[str, List[EdgesiteError]] = {}
    for one in problems:
        wrong.setdefault(one.layer, []).append(EdgesiteError(one.problem, one.fix))
    return wrong
