# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Problems of a layer in the names that users wrote: a module says settings[0], and the inventory gpu_settings[0]."""

from __future__ import annotations

import functools
import re
from typing import Any, Dict, Mapping

from ...module_utils import outcome
from ...module_utils.common.errors import EdgesiteError, combined
from ...module_utils.site import host_look
from . import role_task

# What follows the name of an option where a problem begins with it
_BEGINS = r"^{0}(?=\[|\.[a-z]| is | has | lacks |: )"
# An option that a problem names further on has a number: its name alone may be any word.
_FURTHER = r"(?<![a-zA-Z0-9_.]){0}(?=\[[0-9])"


def failure(layer: str, result: Mapping[str, Any]) -> Dict[str, Any]:
    """The failure of the layer's module."""
    if not result.get("problems"):
        return dict(result)
    told = [_renamed(layer, error) for error in host_look.problems(result)]
    return {**result, "msg": str(combined(told)), "problems": outcome.listed(told)}


def _renamed(layer: str, error: EdgesiteError) -> EdgesiteError:
    told = error.problem
    for option, variable in _variables(layer).items():
        for pattern in (_BEGINS, _FURTHER):
            told = re.sub(pattern.format(option), variable, told)
    return EdgesiteError(told, error.fix)


@functools.lru_cache(maxsize=None)
def _variables(layer: str) -> Mapping[str, str]:
    """By option of the layer's module, the variable that the role's task gives it."""
    found = {}
    for option, written in role_task.read(layer).options.items():
        variable = re.search(r"(?<![a-z_]){0}_[a-z_]+".format(layer), str(written))
        if variable:
            found[option] = variable.group()
    return found
