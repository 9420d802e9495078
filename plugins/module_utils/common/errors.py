# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exception that a user is meant to read."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Sequence, Tuple, Type

# A word that is longer is data, and no path that people use; of a longer text nobody reads the middle.
_LONGEST_WORD, _LONGEST_TEXT = 1024, 16384


class EdgesiteError(Exception):
    """Something a user can act on.

    problem: names the option, its value and what is allowed.
    fix: says what to do about it.
    details: lists that a module returns beside the message, for programs.
    """

    def __init__(self, problem: str, fix: str = "", details: Optional[Dict[str, List[Any]]] = None) -> None:
        super().__init__(short(problem))
        self.problem = short(problem)
        self.fix = short(fix)
        self.details = details or {}
        # The problems that it combines
        self.parts: Sequence[EdgesiteError] = ()

    def __str__(self) -> str:
        return printable(sentence(self.problem) + (" " + sentence(self.fix) if self.fix else ""))

    def __reduce__(self) -> Tuple[Any, ...]:
        # Python would make it of its message alone, which subclasses do not take, and forget the cause.
        return _again, (type(self), self.args, self.__dict__, self.__cause__)


def _again(
    kind: Type[EdgesiteError], arguments: Tuple[Any, ...], attributes: Dict[str, Any], cause: Optional[BaseException]
) -> EdgesiteError:
    """The error as it was, in another process."""
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(attributes)
    error.__cause__ = cause
    return error


def short(text: str) -> str:
    """The text without what nobody could read of it."""
    if len(text) <= _LONGEST_WORD:
        return text
    words = re.sub(r"\S{%d,}" % (_LONGEST_WORD + 1), lambda found: found.group()[:80] + "...", text)
    half = _LONGEST_TEXT // 2
    return words if len(words) <= _LONGEST_TEXT else words[:half] + " ... " + words[-half:]


def printable(text: str) -> str:
    """The text, in one line that a terminal shows as it is: other characters are escaped as Python writes them."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def sentence(text: str) -> str:
    """The text, closed by a full stop where it has no closing mark."""
    return text if text.endswith((".", "!", "?")) else text + "."


class Problems:
    """Problems that are told together: `with problems:` notes what its block raises, and goes on."""

    def __init__(self) -> None:
        self.found: List[EdgesiteError] = []

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: Any, error: Optional[BaseException], _traceback: Any) -> bool:
        if not isinstance(error, EdgesiteError):
            return False
        self.found += error.parts or [error]
        return True

    def end(self) -> None:
        """Raises one error that tells of all of them, where there are any."""
        if self.found:
            raise combined(self.found)


def combined(problems: Sequence[EdgesiteError]) -> EdgesiteError:
    """One error that tells of all of them."""
    if len(problems) == 1:
        return problems[0]
    numbered = ["({0}) {1}".format(number, problem) for number, problem in enumerate(problems, 1)]
    details: Dict[str, List[Any]] = {}
    for problem in problems:
        for key, value in problem.details.items():
            details.setdefault(key, []).extend(value)
    error = EdgesiteError("", "", details)
    # All of them, however many there are
    error.problem = "{0} problems, nothing was changed: {1}".format(len(problems), " ".join(numbered))
    error.args = (error.problem,)
    error.parts = problems
    return error


def shown(value: Any) -> str:
    """A value for people: short, and without the user name and password of a URL."""
    if isinstance(value, str):
        masked = re.sub("(?<=://).*@", "...@", value, flags=re.DOTALL)
        return repr(masked if len(masked) <= 80 else masked[:80] + "...")
    if value is None:
        return "null"
    if isinstance(value, (dict, list)):
        kind = "mapping" if isinstance(value, dict) else "list"
        return "a {0}".format(kind) if value else "an empty {0}".format(kind)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) > 0xFFFFFFFF:
        return "a huge number"
    # YAML makes dates of some texts.
    return str(value.isoformat()) if hasattr(value, "isoformat") else repr(value)
