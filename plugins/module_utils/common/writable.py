# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that no option takes, as no file, program or answer can hold them.

Every action asks here before anything else; and again once Ansible has made numbers of texts such as 'inf'.
"""

from __future__ import annotations

import math
from typing import Any, Mapping

from .errors import EdgesiteError

# Far above every number that means something, and below what Python cannot make a float of or refuses to write
_LONGEST_BITS = 1000


def check(arguments: Mapping[Any, Any]) -> None:
    """Raises where an option has such a value. It is not shown, as it may be a secret."""
    for name, value in arguments.items():
        flaw = _flaw(name) or _flaw(value)
        if flaw:
            raise EdgesiteError(
                "The option {0} has {1}".format(ascii(name) if isinstance(name, str) else "without a name", flaw),
                "Check where its value comes from: YAML has .inf and .nan for numbers, and escapes in double quotes",
            )


def _flaw(value: Any) -> str:
    """What is wrong with a value, or with one in it; empty where nothing is."""
    if isinstance(value, str):
        return _flaw_of_text(value)
    if isinstance(value, (int, float)):
        return _flaw_of_number(value)
    if isinstance(value, Mapping):
        return next(filter(None, map(_flaw, [*value.keys(), *value.values()])), "")
    if isinstance(value, (list, tuple)):
        return next(filter(None, map(_flaw, value)), "")
    return ""


def _flaw_of_text(text: str) -> str:
    if "\0" in text:
        return "text with a NUL in it"
    return "text with half a character (a surrogate) in it" if any("\ud800" <= one <= "\udfff" for one in text) else ""


def _flaw_of_number(number: float) -> str:
    if isinstance(number, float):
        return "" if math.isfinite(number) else "a number that is not finite"
    return "" if number.bit_length() <= _LONGEST_BITS else "a number that is too large"
