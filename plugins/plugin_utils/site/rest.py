# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A layer's variables without what is wrong of them, so that one look finds as much as it can.

What follows from a mistake is no mistake of its own, so nothing is told that names a variable which is wrong.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, FrozenSet, Iterable, List, Mapping, NamedTuple, Sequence

from ...module_utils.common.errors import EdgesiteError
from ...module_utils.site.layers import Layer
from ...module_utils.site.problem import Problem
from .variables import Entries, Read, constant

_ENTRY = re.compile(r"(\w+)(?:\[([0-9]+)\])?", re.ASCII)


class NotKnown(EdgesiteError):
    """The value of a variable that is wrong was asked for."""


class Known(Dict[str, Any]):
    """Values by the names of variables."""

    def __missing__(self, name: str) -> Any:
        raise NotKnown("{0} is not known".format(name), "Correct {0}".format(name))


class Rest(NamedTuple):
    """values: of variables that are no lists. lists: what is in the others. wrong: those of which something is missing.

    prefix: of the layer's variables, which messages of its rooms may lack. parts: mappings that are wrong, without
    their wrong options.
    """

    values: Mapping[str, Any]
    lists: Mapping[str, Entries]
    wrong: FrozenSet[str]
    prefix: str
    parts: Mapping[str, Mapping[str, Any]] = {}

    def given(self) -> Known:
        """The variables that are left."""
        return Known({**self.values, **{name: list(entries.values()) for name, entries in self.lists.items()}})

    def calls_for(self, layer: Layer) -> bool:
        """Whether something is left that calls for the layer. Entries that are wrong were not meant as none."""
        given = self.given()
        return layer.called({name: value for name, value in given.items() if value or name not in self.wrong})

    def instead_of(self, variables: Mapping[str, Any]) -> Dict[str, Any]:
        """All variables of a host, with what is left in the place of these."""
        return {**{name: value for name, value in variables.items() if name not in self.wrong}, **self.given()}

    def with_defaults(self, specs: Mapping[str, Mapping[str, Any]]) -> Known:
        """The variables that are left, and defaults of the others, but for those that are made of other variables."""
        known = self.given()
        for name, spec in specs.items():
            if name not in known and not (name in self.wrong and _depends(spec)):
                known[name] = [] if name in self.wrong and spec.get("type") == "list" else constant(spec)
        return known

    def without(self, problems: Iterable[Problem]) -> "Rest":
        """The rest without what these problems name."""
        rest = self
        for problem in problems:
            rest = rest.less(problem.variable)
        return rest

    def less(self, where: str) -> "Rest":
        """The rest without a variable, or without an entry of a list, as in gpu_settings[1].gpus."""
        found = _ENTRY.match(where)
        name, number = found.groups() if found else ("", None)
        if not name:
            return self
        if number and name not in self.lists:
            number = None
        values = {one: value for one, value in self.values.items() if one != name}
        lists = {one: entries for one, entries in self.lists.items() if one != name}
        if number is not None:
            lists[name] = {place: entry for place, entry in self.lists[name].items() if place != int(number)}
        return self._replace(values=values, lists=lists, wrong=self.wrong | {name})

    def told(self, check: Callable[[], List[EdgesiteError]]) -> List[EdgesiteError]:
        """What a check of the rest finds, in the numbers of the lists as they were written."""
        try:
            errors = check()
        except NotKnown:
            return []
        found = (error for error in errors if not isinstance(error, NotKnown))
        return [self._placed(error) for error in found if not any(self._follows(error, name) for name in self.wrong)]

    def _follows(self, error: EdgesiteError, name: str) -> bool:
        """Whether a problem may be there only since this variable is wrong."""
        short = name[len(self.prefix) :] if name.startswith(self.prefix) else name
        if name in self.parts and _is_of_part(error, (name, short), self.parts[name]):
            return False
        # An entry that is left may well be wrong itself.
        left = r"(?!\[|:| is set| has)" if self.lists.get(name) else ""
        words = r"(?<!\w)(?:{0}|{1})\b{2}".format(re.escape(name), re.escape(short), left)
        return bool(re.search(words, error.problem)) or not left and name in error.fix

    def _placed(self, error: EdgesiteError) -> EdgesiteError:
        problem, fix = (self._renumbered(text) for text in (error.problem, error.fix))
        return EdgesiteError(problem, fix, error.details)

    def _renumbered(self, text: str) -> str:
        def place(found: "re.Match[str]") -> str:
            places = list(self.lists.get(found.group(1), {}))
            number = int(found.group(2))
            return "{0}[{1}]".format(found.group(1), places[number] if number < len(places) else number)

        return re.sub(r"\b(\w+)\[([0-9]+)\]", place, text, flags=re.ASCII)


def of(layer: str, read: Read, lacking: Iterable[str]) -> Rest:
    """The rest of a layer's variables. lacking: those that it needs and that are not given."""
    lists = {name: dict(enumerate(value)) for name, value in read.values.items() if isinstance(value, list)}
    values = {name: value for name, value in read.values.items() if name not in lists}
    values.update(read.parts)
    lists.update({name: entries for name, entries in read.left.items() if entries})
    return Rest(values, lists, frozenset([*read.left, *lacking]), layer + "_", read.parts)


def _is_of_part(error: EdgesiteError, names: Sequence[str], part: Mapping[str, Any]) -> bool:
    """Whether a problem is that of an option which a mapping has, and of none that it lacks."""
    patterns = (r"\b{0}\.(\w+)".format(re.escape(name)) for name in names)
    told = {key for pattern in patterns for key in re.findall(pattern, str(error), re.ASCII)}
    return bool(told) and all(part.get(key) is not None for key in told) and error.problem.startswith(tuple(names))


def _depends(spec: Mapping[str, Any]) -> bool:
    """Whether nothing can stand in for a variable: for a path, or for what is made of other variables."""
    default = spec.get("default")
    return "{{" in str(default) or spec.get("type") == "path" and default is None
