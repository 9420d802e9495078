# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan and a look at a host consist of: a file may have been changed by hand, and a host may say anything."""

from __future__ import annotations

import re
from typing import Any, List, Mapping, NamedTuple, Pattern, Tuple, Union

from ..common import disruption
from ..common.errors import shown

STATES = ("in_order", "changes", "problem", "unknown")
IN_ORDER, CHANGES, PROBLEM, UNKNOWN = STATES


class OneOf(NamedTuple):
    """A text out of a few."""

    choices: Tuple[str, ...]


class ByName(NamedTuple):
    """A mapping whose keys are names."""

    of: Any


class Fits(NamedTuple):
    """A text that fits a pattern. words: what it is then."""

    pattern: Pattern[str]
    words: str


# What a value has to be: such a kind, a type, a list of what its only entry says, or a mapping with these keys
Shape = Union[OneOf, ByName, Fits, type, List[Any], Mapping[str, Any]]

# Empty where there was nothing to make it of
DIGEST = Fits(re.compile(r"(?:[0-9a-f]{64})?"), "a SHA-256 in hexadecimal")
# The name of a layer, and what has to come before; it is shown as it is.
_NAME = Fits(re.compile(r"[a-z_]{0,32}"), "a name of letters")

ACTION = {"does": str, "disruption": OneOf(disruption.KINDS), "of": [str], "after": _NAME}
LAYER = {
    "layer": _NAME,
    "state": OneOf(STATES),
    "after": _NAME,
    "observed": DIGEST,
    "desired": DIGEST,
    "actions": [ACTION],
}
HOST = {"apply": bool, "why": str, "observed": DIGEST, "desired": DIGEST, "layers": [LAYER]}
PLAN = {
    "schema": int,
    "collection": str,
    "made": str,
    "expires": str,
    "inventory": DIGEST,
    "limit": [str],
    "tags": [str],
    "hosts": ByName(HOST),
}
# What hosts say has more keys than these.
LOOK = {
    "host": str,
    "status": OneOf(("read", "unreachable", "failed")),
    "why": str,
    "observed": DIGEST,
    "desired": DIGEST,
    "layers": [{**LAYER, "problem": str, "fix": str}],
}
_WORDS = {str: "text", bool: "true or false", int: "a whole number"}


def flaw(value: Any, shape: Shape, place: str = "", others: bool = False) -> str:
    """The first thing that is not as the shape says, in words; empty where all is.

    others: mappings may have more keys.
    """
    if isinstance(shape, ByName):
        names = value if _named(value) else ()
        return _of_mapping(value, dict.fromkeys(names, shape.of), place, others)
    if isinstance(shape, list):
        return _of_list(value, shape[0], place, others)
    if isinstance(shape, Mapping):
        return _of_mapping(value, shape, place, others)
    return _of_scalar(value, shape, place)


def _named(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(name, str) for name in value)


def _of_mapping(value: Any, keys: Mapping[str, Any], place: str, others: bool) -> str:
    if not _named(value):
        return _no(value, place, "a mapping")
    inner = place + "." if place else ""
    missing = ["{0}{1} is missing".format(inner, name) for name in keys if name not in value]
    unknown = [] if others else ["{0}{1} is not known".format(inner, name) for name in value if name not in keys]
    wrong = (flaw(value[name], shape, inner + name, others) for name, shape in keys.items() if name in value)
    return next(filter(None, [*missing, *unknown, *wrong]), "")


def _of_list(value: Any, shape: Shape, place: str, others: bool) -> str:
    if not isinstance(value, list):
        return _no(value, place, "a list")
    each = (flaw(entry, shape, "{0}[{1}]".format(place, number), others) for number, entry in enumerate(value))
    return next(filter(None, each), "")


def _of_scalar(value: Any, shape: Any, place: str) -> str:
    if isinstance(shape, OneOf):
        return "" if value in shape.choices else _no(value, place, " or ".join(shape.choices))
    if isinstance(shape, Fits):
        return "" if isinstance(value, str) and shape.pattern.fullmatch(value) else _no(value, place, shape.words)
    # To Python, true is 1.
    return "" if type(value) is shape else _no(value, place, _WORDS[shape])


def _no(value: Any, place: str, wanted: str) -> str:
    return "{0} is {1}, but has to be {2}".format(place or "it", shown(value), wanted)
