# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables that nobody reads."""

from __future__ import annotations

import difflib
from fnmatch import fnmatchcase
from typing import Iterable, List, Optional, Sequence, Tuple

from ...module_utils.common.errors import EdgesiteError
from ...module_utils.site.layers import LAYERS
from . import specifications

ALLOWED = "edgesite_variables_allowed"
# Roles of ours whose names are words that others begin their variables with, too
_COMMON = ("facts", "report")
_ALIKE = 0.9
_SET_BY_US = {
    "edgesite_done",
    "edgesite_failure",
    *(name + "_result" for name in ("edgesite", "facts", *(layer.name for layer in LAYERS))),
}


def unread(names: Iterable[str], allowed: Sequence[str]) -> List[EdgesiteError]:
    """A problem for each of a host's variables that has our prefix, or nearly one of our names, and is none of them."""
    known = [name for options in specifications.of_roles().values() for name in options]
    known += specifications.PLAYBOOKS
    set_by_us = {
        "edgesite_done",
        "edgesite_failure",
        "edgesite_result",
        "facts_result",
        *(layer.name + "_result" for layer in LAYERS),
    }
    found = sorted(set(names) - {*known, *set_by_us})
    return [
        _problem(name, near)
        for name in found
        if not any(fnmatchcase(name, pattern) for pattern in allowed)
        for near in [_near(name, known)]
        if near or name.startswith(_prefixes())
    ]


def _prefixes() -> Tuple[str, ...]:
    return tuple(role + "_" for role in [*specifications.of_roles(), "edgesite"] if role not in _COMMON)


def _near(name: str, known: Sequence[str]) -> Optional[str]:
    """The name of ours that was meant. One with another number of words, as my_gpu_settings, is somebody's own."""
    if name.startswith(_prefixes()):
        return next(iter(difflib.get_close_matches(name, known, 1, 0.6)), None)
    alike = [one for one in known if one.count("_") == name.count("_")]
    return next(iter(difflib.get_close_matches(name, alike, 1, _ALIKE)), None)


def _problem(name: str, near: Optional[str]) -> EdgesiteError:
    meant = "Did you mean {0}? ".format(near) if near else ""
    return EdgesiteError(
        "{0} is not a variable of this collection, so nothing reads it".format(name),
        "{0}Correct its name; if it is a variable of your own, add it to {1}".format(meant, ALLOWED),
    )
