# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power modes of a user's own in nvpmodel's configuration: what they change in a mode of the board."""

from __future__ import annotations

import re
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Sequence, Tuple

from ..common import lines
from ..common.errors import EdgesiteError, Problems, shown
from ..common.lines import Kind
from . import own_lines
from .nvpmodel_conf import Conf, Mode, Setting, parse_conf

_NAME = Kind(
    re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,31}"),
    "a name of letters, digits, dots, dashes, + and _, of 32 characters at most",
    "Write it like EDGE_20W",
)
_WORD = Kind(
    re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]*|-1"),
    "a number, or a word of letters and digits",
    "Write it as it stands in /etc/nvpmodel.conf, in quotes if YAML reads the word as something else, such as 'on'",
)
_WHOLE = re.compile(r"-1|[0-9]{1,18}")
# Their values are numbers; -1 is no limit
_NUMBERS = ("CLOCK", "HWMON")
# Arguments that are clocks, and their values that are none: no limit, and the lowest
_CLOCKS = ("MIN_FREQ", "MAX_FREQ")
_NO_CLOCK = (-1, 0)
_MODEL = re.compile(r"^<\s*POWER_MODEL\s+ID=(\d+)\s+NAME=(\S+)\s*>", re.ASCII | re.M)
_LAST = re.compile(r"^<\s*PM_CONFIG\b", re.ASCII)


Tables = Mapping[str, Sequence[int]]
NO_TABLES: Tables = {}


class Own(NamedTuple):
    """A mode that a user wants. base: the mode of the board that it is but for its settings.

    where: what users call its place among the options.
    """

    name: str
    base: str
    settings: Tuple[Setting, ...]
    where: str = ""


def table_files(conf: Conf) -> Dict[str, List[str]]:
    """The files that list the clocks there are, by parameter; newer kernels have another place for some."""
    found: Dict[str, List[str]] = {}
    for (parameter, argument), path in conf.parameters.items():
        if argument.startswith("FREQ_TABLE"):
            found.setdefault(parameter, []).append(path)
    return found


def checked(entries: Sequence[Mapping[str, Any]], option: str) -> Tuple[Own, ...]:
    """The modes of an option. Raises EdgesiteError with all that no board could have."""
    problems = Problems()
    found: List[Own] = []
    for place, entry in enumerate(entries):
        where = "{0}[{1}]".format(option, place)
        with problems:
            found.append(_own(entry, where, [own.name for own in found]))
    problems.end()
    return tuple(found)


def _own(entry: Mapping[str, Any], where: str, earlier: Sequence[str]) -> Own:
    name = lines.checked(where + ".name", entry["name"], _NAME)
    if name in earlier:
        raise EdgesiteError("{0}.name is {1}, as an earlier one".format(where, name), "Give each mode its own name")
    base = lines.checked(where + ".base", entry["base"], _NAME)
    return Own(name, base, tuple(_settings(entry["settings"], where + ".settings")), where)


def _settings(given: Mapping[str, Any], where: str) -> Iterable[Setting]:
    if not given:
        raise EdgesiteError(
            "{0} is empty, so the mode is only another name".format(where),
            "Set what differs from the base, such as GPU: {MAX_FREQ: 624750000}",
        )
    for parameter, arguments in given.items():
        lines.checked("a parameter in " + where, parameter, _NAME)
        if not isinstance(arguments, Mapping) or not arguments:
            raise EdgesiteError(
                "{0}.{1} is {2}, which is not a dictionary of arguments".format(where, parameter, shown(arguments)),
                "Write it like GPU: {MAX_FREQ: 624750000}",
            )
        for argument, value in arguments.items():
            place = "{0}.{1}.{2}".format(where, parameter, argument)
            lines.checked("an argument in " + where, argument, _NAME)
            plain = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
            yield Setting(parameter, argument, lines.checked(place, plain, _WORD))


def resolved(text: str, wanted: Sequence[Own], path: str, tables: Tables = NO_TABLES) -> List[Mode]:
    """The modes as they stand in a configuration, those that are in it with their ids. Raises EdgesiteError.

    tables: the clocks that there are, by parameter, where that is known.
    """
    conf = parse_conf(own_lines.without(text), path)
    ids = _ids(text, conf)
    found = []
    problems = Problems()
    for own in wanted:
        with problems:
            mode = _resolved(own, conf, tables)
            identity = ids.get(own.name, max([*ids.values(), *(one.id for one in conf.modes)]) + 1)
            ids[own.name] = identity
            found.append(mode._replace(id=identity))
    problems.end()
    return found


def _ids(text: str, board: Conf) -> Dict[str, int]:
    """By name, of the own modes that are there; one that the board has by now is none."""
    taken = [mode.id for mode in board.modes]
    found = {name: int(identity) for identity, name in _MODEL.findall(own_lines.only(text))}
    return {name: identity for name, identity in found.items() if identity not in taken}


def _resolved(own: Own, conf: Conf, tables: Tables) -> Mode:
    names = [mode.name for mode in conf.modes]
    if own.name in names:
        raise EdgesiteError(
            "{0}.name is {1}, as a mode of the board".format(own.where, own.name),
            "Give it another name; the modes of the board stay as they are",
        )
    if own.base not in names:
        raise EdgesiteError(
            "{0}.base is {1}, which this board does not have; its modes are: {2}".format(
                own.where, own.base, ", ".join(names)
            ),
            "Set base to one of these",
        )
    for setting in own.settings:
        _check(setting, own, conf, tables)
    base = next(mode for mode in conf.modes if mode.name == own.base)
    return Mode(0, own.name, _merged(base.settings, own.settings))


def _merged(base: Sequence[Setting], own: Sequence[Setting]) -> Tuple[Setting, ...]:
    """The settings of the base with these in their places; a new one goes behind those of its parameter.

    Their order counts: a mode of NVIDIA's powers the GPU on in its first lines, and lets it go in its last.
    """
    changed = {setting[:2]: setting for setting in own}
    found = [changed.get(setting[:2], setting) for setting in base]
    for setting in own:
        if setting not in found:
            alike = [place for place, one in enumerate(found) if one.parameter == setting.parameter]
            found.insert(alike[-1] + 1 if alike else len(found), setting)
    return tuple(found)


def _check(setting: Setting, own: Own, conf: Conf, tables: Tables) -> None:
    """Raises EdgesiteError for what nvpmodel would fail at, or the board not start with."""
    where = "{0}.settings.{1}.{2}".format(own.where, setting.parameter, setting.argument)
    if setting[:2] not in conf.parameters:
        arguments = [argument for parameter, argument in conf.parameters if parameter == setting.parameter]
        offered = arguments or sorted({parameter for parameter, _argument in conf.parameters})
        raise EdgesiteError(
            "{0} is none of this board's {1}: {2}".format(
                where, "arguments" if arguments else "parameters", ", ".join(offered)
            ),
            "Use those of the PARAM sections in /etc/nvpmodel.conf on the host",
        )
    allowed = _allowed(setting, conf)
    if allowed:
        raise EdgesiteError(
            "{0} is {1}, which is not {2}".format(where, setting.value, allowed),
            "Set {0}.{1} in the settings of that mode to such a value, or leave it out".format(*setting[:2]),
        )
    clocks = tables.get(setting.parameter, ())
    if clocks and setting.argument in _CLOCKS and int(setting.value) not in (*_NO_CLOCK, *clocks):
        raise EdgesiteError(
            "{0} is {1}, which is no clock of this board: {2}".format(
                where, setting.value, ", ".join(map(str, sorted(clocks)))
            ),
            "Use one of these; nvpmodel takes another one without a word",
        )


def _allowed(setting: Setting, conf: Conf) -> str:
    """What the value would have to be; empty where it is that."""
    if setting.parameter == "CPU_ONLINE":
        first = setting.argument == "CORE_0"
        allowed = ("1",) if first else ("0", "1")
        words = "1: the first core cannot be off" if first else "0 or 1"
        return "" if setting.value in allowed else words
    numeric = conf.kinds.get(setting.parameter) in _NUMBERS or setting.parameter.endswith("POWER_GATING")
    return "a whole number, or -1 for no limit" if numeric and not _WHOLE.fullmatch(setting.value) else ""


def with_modes(text: str, modes: Sequence[Mode]) -> str:
    """The configuration with these modes, and none of our own beside them."""
    own = own_lines.block([line for mode in modes for line in _lines(mode)])
    found: List[str] = []
    for line in own_lines.without(text).split("\n"):
        if own and _LAST.match(line):
            found += own
            own = []
        found.append(line)
    return "\n".join(found)


def _lines(mode: Mode) -> List[str]:
    head = lines.fill("< POWER_MODEL ID={id} NAME={name} >", id=str(mode.id), name=mode.name)
    return [head, *(lines.single("a setting", " ".join(setting)) for setting in mode.settings)]
