# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nvpmodel's configuration: the power modes of a board, and the files that they set."""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, NamedTuple, Optional, Tuple

from ..common.errors import EdgesiteError

_HEADER = re.compile(r"^<\s*(\w+)((?:\s+\w+=[^\s=<>]+)*)\s*>\Z", re.ASCII)
_NUMBER = re.compile(r"^\d{1,9}\Z", re.ASCII)
# The kinds of PARAM whose lines are an argument and a path
_PATHS = ("FILE", "CLOCK")
_REPAIR = "Reinstall the package nvidia-l4t-nvpmodel, or restore the file from the board's maker"


class Setting(NamedTuple):
    """One line of a mode: what it sets to which value, such as CPU_ONLINE CORE_3 0."""

    parameter: str
    argument: str
    value: str


class Mode(NamedTuple):
    """A power mode."""

    id: int
    name: str
    settings: Tuple[Setting, ...]


class Conf(NamedTuple):
    """nvpmodel's configuration.

    parameters: what is behind each (parameter, argument), mostly a file. kinds: the TYPE of each parameter.
    """

    parameters: Dict[Tuple[str, str], str]
    modes: Tuple[Mode, ...]
    default: int
    kinds: Mapping[str, str] = {}


def parse_conf(text: str, path: str = "/etc/nvpmodel.conf") -> Conf:
    """The whole configuration. Raises EdgesiteError that names file and line."""
    reader = _Reader(path)
    for number, line in enumerate(text.splitlines(), 1):
        reader.line(number, line)
    return reader.conf()


class _Reader:
    """Reads a configuration line by line."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.number = 0
        self.section = ""
        self.parameter = ""
        self.kinds: Dict[str, str] = {}
        self.parameters: Dict[Tuple[str, str], str] = {}
        self.modes: List[Tuple[int, str, List[Setting]]] = []
        self.default: Optional[int] = None
        self.default_line = 0

    def line(self, number: int, line: str) -> None:
        self.number = number
        text = line.split("#", 1)[0].rstrip()
        if not text:
            return
        if text.lstrip().startswith("<"):
            self._header(text)
        else:
            self._body(text.split())

    def conf(self) -> Conf:
        if not self.modes:
            raise self._wrong("it has no POWER_MODEL section")
        if self.default is None:
            raise self._wrong("the section PM_CONFIG, which is the last one, is missing: the file may be cut off")
        if self.default not in [mode[0] for mode in self.modes]:
            self.number = self.default_line
            raise self._wrong("no POWER_MODEL has the default ID {0}".format(self.default))
        modes = tuple(Mode(identity, name, tuple(settings)) for identity, name, settings in self.modes)
        return Conf(self.parameters, modes, self.default, self.kinds)

    def _header(self, text: str) -> None:
        found = _HEADER.match(text)
        if not found:
            raise self._wrong(
                "'{0}' is not a section header, which starts the line and has the form '< POWER_MODEL ID=0 NAME=15W "
                ">'".format(text.strip())
            )
        self.section = found.group(1)
        values = dict(part.split("=", 1) for part in found.group(2).split())
        if self.section == "PARAM":
            self.parameter = self._value(values, "NAME")
            self.kinds[self.parameter] = values.get("TYPE", "")
        elif self.section == "POWER_MODEL":
            identity = self._id(values, "ID")
            if identity in [mode[0] for mode in self.modes]:
                raise self._wrong("a second POWER_MODEL has ID={0}".format(identity))
            self.modes.append((identity, self._value(values, "NAME"), []))
        elif self.section == "PM_CONFIG":
            self.default, self.default_line = self._id(values, "DEFAULT"), self.number

    def _body(self, words: List[str]) -> None:
        if not self.section:
            raise self._wrong("'{0}' comes before any section".format(" ".join(words)))
        if self.section == "PARAM":
            self.parameters[(self.parameter, words[0])] = self._behind(words)
        elif self.section == "POWER_MODEL":
            if len(words) != 3:
                raise self._wrong("'{0}' is not a parameter, an argument and a value".format(" ".join(words)))
            self.modes[-1][2].append(Setting(*words))

    def _behind(self, words: List[str]) -> str:
        """What an argument sets. The lines of a kind that this reader does not know may have any form."""
        kind = self.kinds[self.parameter]
        if kind == "HWMON":
            return "/".join(words[1:])
        if kind in _PATHS and (len(words) != 2 or not words[1].startswith("/")):
            raise self._wrong("'{0}' is not an argument and the path of its file".format(" ".join(words)))
        return " ".join(words[1:])

    def _value(self, values: Dict[str, str], key: str) -> str:
        if key not in values:
            raise self._wrong("the section {0} has no {1}=".format(self.section, key))
        return values[key]

    def _id(self, values: Dict[str, str], key: str) -> int:
        value = self._value(values, key)
        if not _NUMBER.match(value):
            raise self._wrong("{0}={1} is not a number".format(key, value))
        return int(value)

    def _wrong(self, what: str) -> EdgesiteError:
        return EdgesiteError("{0}, line {1}: {2}".format(self.path, max(self.number, 1), what), _REPAIR)
