# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power modes of a Jetson: what nvpmodel's configuration offers, which mode is wanted, and what that takes."""

from __future__ import annotations

import re
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

from ..common.errors import EdgesiteError

_HEADER = re.compile(r"^<\s*([A-Z][A-Z0-9_]*)((?:\s+[A-Z][A-Z0-9_]*=[^\s=<>]+)*)\s*>\Z", re.ASCII)
_NUMBER = re.compile(r"^\d{1,9}\Z", re.ASCII)
_STORED = re.compile(r"\bpmode:\d+", re.ASCII)
# What nvpmodel says before it asks whether it may reboot
_ASKS_FOR_REBOOT = re.compile(r"reboot required for changing to this power mode", re.IGNORECASE)
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
    """nvpmodel's configuration. parameters: the file behind each (parameter, argument)."""

    parameters: Dict[Tuple[str, str], str]
    modes: Tuple[Mode, ...]
    default: int


class State(NamedTuple):
    """What a host has.

    stored: the id that the next boot sets, None where nothing was ever chosen and the default counts.
    running: the id that was in force when `stored` was prepared for the next boot, None where nothing waits.
    failed: nvpmodel's own unit failed at this boot, so that the stored mode is not in force.
    clocks_locked: jetson_clocks locked the clocks of the mode that is in force, and noted what it found.
    cores_fixed: the number of CPU cores is fixed at boot, as on Orin and later.
    """

    conf: Conf
    stored: Optional[int]
    running: Optional[int]
    failed: bool = False
    clocks_locked: bool = False
    cores_fixed: bool = True


class SetMode(NamedTuple):
    """Sets a mode.

    how: `now`; `boot` where it takes a reboot; `keep` where it is in force and another one waits for the next boot.
    why: what makes it take a reboot. stored, running: as in the state before.
    """

    mode: Mode
    how: str
    why: Tuple[str, ...]
    stored: Optional[int]
    running: int


class ReleaseClocks(NamedTuple):
    """Gives back clocks that are locked at what the mode in force allows; the next mode allows others."""


Action = Union[SetMode, ReleaseClocks]


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
        return Conf(self.parameters, modes, self.default)

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
            if len(words) != 2 or not words[1].startswith("/"):
                raise self._wrong("'{0}' is not an argument and the path of its file".format(" ".join(words)))
            self.parameters[(self.parameter, words[0])] = words[1]
        elif self.section == "POWER_MODEL":
            if len(words) != 3:
                raise self._wrong("'{0}' is not a parameter, an argument and a value".format(" ".join(words)))
            self.modes[-1][2].append(Setting(*words))

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


def find(conf: Conf, name: str) -> Mode:
    """The mode of that name. Raises EdgesiteError."""
    found = [mode for mode in conf.modes if mode.name == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise EdgesiteError(
            "mode {0} has the IDs {1} in nvpmodel's configuration, so the name is ambiguous".format(
                name, " and ".join(str(mode.id) for mode in found)
            ),
            "Give the modes different names in /etc/nvpmodel.conf on the host",
        )
    raise unknown("mode", name, [mode.name for mode in conf.modes])


def unknown(option: str, name: str, offered: Sequence[str]) -> EdgesiteError:
    """The error where a board lacks a mode. option: what users call it."""
    return EdgesiteError(
        "{0} is {1}, which this board does not have; its modes are: {2}".format(option, name, ", ".join(offered)),
        "Use one of these; names and IDs differ between modules and boards, and _SUPER modes need the board's super "
        "configuration",
    )


def of_id(conf: Conf, identity: int) -> Optional[Mode]:
    """The mode with that id, None where the configuration has none such."""
    return next((mode for mode in conf.modes if mode.id == identity), None)


def chosen(state: State) -> int:
    """The id that the next boot sets."""
    return state.conf.default if state.stored is None else state.stored


def in_force(state: State) -> int:
    """The id that this boot runs with."""
    return chosen(state) if state.running is None else state.running


def reboot_required(state: State) -> bool:
    """Whether the chosen mode waits for a reboot."""
    return in_force(state) != chosen(state)


def needs_reboot(current: Optional[Mode], wanted: Mode, cores_fixed: bool = True) -> Tuple[str, ...]:
    """What of the wanted mode cannot be had without a reboot, empty for nothing: power gating of the GPU's parts, which
    is fixed once the GPU was used, and on Orin and later the number of CPU cores.

    Only values that both modes name are compared, as a mode leaves alone what it does not name.
    """
    there = {line[:2]: line.value for line in current.settings} if current else {}
    return tuple(
        "{0} {1} from {2} to {3}".format(*line[:2], there[line[:2]], line.value)
        for line in wanted.settings
        if (line.parameter.endswith("POWER_GATING") or (cores_fixed and line.parameter == "CPU_ONLINE"))
        and there.get(line[:2], line.value).lower() != line.value.lower()
    )


def plan(name: str, state: State) -> List[Action]:
    """What brings the host to the mode of that name. Raises EdgesiteError."""
    mode = find(state.conf, name)
    running = in_force(state)
    if mode.id == chosen(state) and not state.failed:
        return []
    if mode.id == running and not state.failed:
        return [SetMode(mode, "keep", (), state.stored, running)]
    why = () if state.failed else needs_reboot(of_id(state.conf, running), mode, state.cores_fixed)
    change = SetMode(mode, "boot" if why else "now", why, state.stored, running)
    return [ReleaseClocks(), change] if state.clocks_locked and not why else [change]


def after(state: State, actions: List[Action]) -> State:
    """The state once the actions are done."""
    for action in actions:
        if isinstance(action, ReleaseClocks):
            state = state._replace(clocks_locked=False)
        else:
            waits = action.running if action.how == "boot" else None
            state = state._replace(stored=action.mode.id, running=waits, failed=False)
    return state


def describe(action: Action) -> str:
    """The action for people."""
    if isinstance(action, ReleaseClocks):
        return "unlock the clocks that are locked for the current mode"
    if action.how == "boot":
        return "prepare power mode {0} for the next boot ({1})".format(action.mode.name, ", ".join(action.why))
    if action.how == "keep":
        return "keep power mode {0}, and cancel the one prepared for the next boot".format(action.mode.name)
    return "set power mode {0}".format(action.mode.name)


def show(conf: Conf, identity: int) -> Dict[str, Any]:
    """A mode for users."""
    mode = of_id(conf, identity)
    return {"id": identity, "name": mode.name if mode else None}


def asks_for_reboot(output: str) -> bool:
    """Whether nvpmodel said that a mode takes a reboot."""
    return bool(_ASKS_FOR_REBOOT.search(output))


def status_text(previous: Optional[str], identity: int) -> str:
    """The content of nvpmodel's status file for a mode; what else stands in it stays."""
    stored = "pmode:{0:04d}".format(identity)
    if previous is None or not _STORED.search(previous):
        return stored
    return _STORED.sub(stored, previous, count=1)
