# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables that nobody reads."""

from __future__ import annotations

import functools
from fnmatch import fnmatchcase
from itertools import zip_longest
from typing import Iterable, List, Optional, Sequence, Tuple

from ...module_utils.common.errors import EdgesiteError
from . import specifications
from .alike import nearest

ALLOWED = "edgesite_variables_allowed"
# Roles of ours whose names are words that others begin their variables with, too
_COMMON = ("facts", "report")
_OF_PLAYBOOKS = ("edgesite_plan", "edgesite_result")


def unread(names: Iterable[str], allowed: Sequence[str]) -> List[EdgesiteError]:
    """A problem for each of a host's variables that has our prefix, or nearly one of our names, and is none of them."""
    found = sorted(set(names) - {*_known(), *specifications.registered(), *_OF_PLAYBOOKS})
    return [
        _problem(name, near)
        for name in found
        if not any(fnmatchcase(name, pattern) for pattern in allowed)
        for near in [_near(name)]
        if near or name.startswith(_prefixes())
    ]


def _prefixes() -> Tuple[str, ...]:
    return tuple(role + "_" for role in [*specifications.of_roles(), "edgesite"] if role not in _COMMON)


def _known() -> List[str]:
    return [*(name for options in specifications.of_roles().values() for name in options), *specifications.PLAYBOOKS]


@functools.lru_cache(maxsize=None)
def _near(name: str) -> Optional[str]:
    """The name of ours that was meant. Hosts have most names in common."""
    prefix = next((one for one in _prefixes() if name.startswith(one)), None)
    if prefix is None:
        return next((one for one in _known() if _same_words(name, one)), None)
    # Long prefixes that are the same make any two names alike.
    found = nearest(name[len(prefix) :], [one[len(prefix) :] for one in _known() if one.startswith(prefix)])
    return prefix + found if found else None


def _same_words(name: str, ours: str) -> bool:
    """Whether each word of a name may be meant for ours. One with another number, as my_gpu_settings, is not ours."""
    pairs = list(zip_longest(name.split("_"), ours.split("_"), fillvalue=""))
    return all(nearest(word, [meant]) for word, meant in pairs)


def _problem(name: str, near: Optional[str]) -> EdgesiteError:
    meant = "Did you mean {0}? ".format(near) if near else ""
    return EdgesiteError(
        "{0} is not a variable of this collection, so nothing reads it".format(name),
        "{0}Correct its name; if it is a variable of your own, add it to {1}".format(meant, ALLOWED),
    )
