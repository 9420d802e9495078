# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power modes of a Jetson: which one is wanted, and what that takes."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from ..common.disruption import NONE, by
from ..common.errors import EdgesiteError, Problems, combined
from . import own_lines, own_modes
from .nvpmodel_conf import Conf, Mode, parse_conf
from .own_modes import Own

_STORED = re.compile(r"\bpmode:\d+", re.ASCII)
# What nvpmodel says before it asks whether it may reboot
_ASKS_FOR_REBOOT = re.compile(r"reboot required for changing to this power mode", re.IGNORECASE)
# What it says where it does not ask, and the kernel refuses. 22 is a mask that no boot would take.
_MASK_IS_FIXED = re.compile(r"error writing \S+ to \S*_pg_mask: (?!22\b)\d", re.IGNORECASE | re.ASCII)


SET, BOOT = "set", "boot"


class Wanted(NamedTuple):
    """mode: the name of the one to be in force, empty to keep it. own: all of the user's own, None to leave them.

    option: what users call the mode.
    """

    mode: str = ""
    own: Optional[Tuple[Own, ...]] = None
    option: str = "mode"

    def anything(self) -> bool:
        """Whether something is wanted."""
        return bool(self.mode) or self.own is not None


class State(NamedTuple):
    """What a host has.

    stored: the id that the next boot sets, None where nothing was ever chosen and the default counts.
    running: the id that was in force when `stored` was prepared for the next boot, None where nothing waits.
    failed: nvpmodel's own unit failed at this boot, so that the stored mode is not in force.
    clocks_locked: jetson_clocks locked the clocks of the mode that is in force, and noted what it found.
    cores_fixed: the number of CPU cores is fixed at boot, as on Orin and later.
    text: the configuration. stale: the mode in force was set before its definition changed, and is to be set again
    (SET), or will be at the next boot (BOOT). tables: the clocks that there are, by parameter, where they were read.
    """

    conf: Conf
    stored: Optional[int]
    running: Optional[int]
    failed: bool = False
    clocks_locked: bool = False
    cores_fixed: bool = True
    text: str = ""
    stale: str = ""
    tables: own_modes.Tables = own_modes.NO_TABLES


class SetMode(NamedTuple):
    """Sets a mode.

    how: `now`; `boot` where it takes a reboot; `keep` where it is in force and another one waits for the next boot.
    why: what makes it take a reboot. stored, running: as in the state before. again: it is in force, by an older
    definition.
    """

    mode: Mode
    how: str
    why: Tuple[str, ...]
    stored: Optional[int]
    running: int
    again: bool = False


class WriteModes(NamedTuple):
    """Puts a configuration with other modes of the user's own in place. stale: the mode in force, where it changes."""

    names: Tuple[str, ...]
    text: str
    previous: str
    stale: Optional[int]


class ReleaseClocks(NamedTuple):
    """Gives back clocks that are locked at what the mode in force allows; the next mode allows others."""


Action = Union[WriteModes, SetMode, ReleaseClocks]


def find(conf: Conf, name: str, option: str = "mode") -> Mode:
    """The mode of that name. option: what users call it. Raises EdgesiteError."""
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
    raise unknown(option, name, [mode.name for mode in conf.modes])


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
    return in_force(state) != chosen(state) or state.stale == BOOT


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


def wanted(
    mode: str, own: Optional[Sequence[Mapping[str, Any]]], option: str = "mode", own_option: str = "own_modes"
) -> Wanted:
    """What the options ask for. option, own_option: what users call them. Raises EdgesiteError."""
    return Wanted(mode, None if own is None else own_modes.checked(own, own_option), option)


def plan(wants: Wanted, state: State, path: str = "/etc/nvpmodel.conf") -> List[Action]:
    """What brings the host to the mode, and to the user's own ones. Raises EdgesiteError.

    A mode that is no longer wanted stays in the file for as long as it is in force.
    """
    actions = _written(wants, state, path)
    state = after(state, actions)
    setting = _sets(wants, state)
    state = after(state, setting)
    _check_gone(wants, state)
    return [*actions, *setting, *_writes(wants, state, path)]


def _written(wants: Wanted, state: State, path: str) -> List[Action]:
    """Where the user's own modes cannot be had, what is wrong with the mode is told along."""
    problems = Problems()
    with problems:
        return _writes(wants, state, path)
    if wants.mode not in ["", *(own.name for own in wants.own or ())]:
        with problems:
            find(state.conf, wants.mode, wants.option)
    raise combined(problems.found)


def _writes(wants: Wanted, state: State, path: str) -> List[Action]:
    if wants.own is None:
        return []
    modes = own_modes.resolved(state.text, wants.own, path, state.tables)
    names = [mode.name for mode in modes]
    used = [mode for mode in _own_in_use(state) if mode.name not in names]
    text = own_modes.with_modes(state.text, [*modes, *used])
    if text == state.text:
        return []
    running = in_force(state)
    same = of_id(parse_conf(text, path), running) == of_id(state.conf, running)
    return [WriteModes(tuple(names), text, state.text, None if same else running)]


def _own_in_use(state: State) -> List[Mode]:
    """The user's own modes that are in force, or that the next boot sets."""
    board = [mode.id for mode in parse_conf(own_lines.without(state.text)).modes]
    return [mode for mode in state.conf.modes if mode.id in (in_force(state), chosen(state)) and mode.id not in board]


def _check_gone(wants: Wanted, state: State) -> None:
    """Raises where the next boot would set a mode that is no longer wanted."""
    names = [own.name for own in wants.own or ()]
    for mode in _own_in_use(state) if wants.own is not None else []:
        if mode.id == chosen(state) and mode.name not in names:
            raise EdgesiteError(
                "the own power mode {0} is in force, and no longer among those that are wanted".format(mode.name),
                "Set the power mode to another one, or keep it",
            )


def _sets(wants: Wanted, state: State) -> List[Action]:
    name = wants.mode
    again = state.stale == SET
    mode = find(state.conf, name, wants.option) if name else of_id(state.conf, in_force(state))
    if mode is None or not (name or again):
        return []
    running = in_force(state)
    if mode.id == chosen(state) and not state.failed and not again:
        return []
    if mode.id == running and not state.failed and not again:
        return [SetMode(mode, "keep", (), state.stored, running)]
    why = (
        () if state.failed or mode.id == running else needs_reboot(of_id(state.conf, running), mode, state.cores_fixed)
    )
    change = SetMode(mode, "boot" if why else "now", why, state.stored, running, again and mode.id == running)
    return [ReleaseClocks(), change] if state.clocks_locked and not why else [change]


def after(state: State, actions: Sequence[Action]) -> State:
    """The state once the actions are done."""
    for action in actions:
        if isinstance(action, ReleaseClocks):
            state = state._replace(clocks_locked=False)
        elif isinstance(action, WriteModes):
            stale = state.stale if action.stale is None else SET
            state = state._replace(conf=parse_conf(action.text), text=action.text, stale=stale)
        else:
            waits = action.running if action.how == "boot" else None
            state = state._replace(stored=action.mode.id, running=waits, failed=False, stale="")
    return state


def booted(state: State, locks: bool) -> State:
    """What a reboot makes of it: the chosen mode is in force. locks: a unit locks the clocks at boot."""
    return state._replace(running=None, failed=False, clocks_locked=locks, stale="")


def describe(action: Action) -> str:
    """The action for people."""
    if isinstance(action, ReleaseClocks):
        return "unlock the clocks that are locked for the current mode"
    if isinstance(action, WriteModes):
        return "write the own power modes " + ", ".join(action.names) if action.names else "remove own power modes"
    if action.again:
        return "set power mode {0} again, as it is defined now".format(action.mode.name)
    if action.how == "boot":
        return "prepare power mode {0} for the next boot ({1})".format(action.mode.name, ", ".join(action.why))
    if action.how == "keep":
        return "keep power mode {0}, and cancel the one prepared for the next boot".format(action.mode.name)
    return "set power mode {0}".format(action.mode.name)


def disruption(_action: Action) -> Dict[str, Any]:
    """Nothing: programs go on in any mode, and one that is prepared comes with a reboot."""
    return by(NONE)


def show(conf: Conf, identity: int) -> Dict[str, Any]:
    """A mode for users."""
    mode = of_id(conf, identity)
    return {"id": identity, "name": mode.name if mode else None}


def asks_for_reboot(output: str) -> bool:
    """Whether nvpmodel said that a mode takes a reboot."""
    return bool(_ASKS_FOR_REBOOT.search(output))


def mask_is_fixed(output: str) -> bool:
    """Whether nvpmodel failed since a mask of power gating cannot be written until the next boot."""
    return bool(_MASK_IS_FIXED.search(output))


def status_text(previous: Optional[str], identity: int) -> str:
    """The content of nvpmodel's status file for a mode; what else stands in it stays."""
    stored = "pmode:{0:04d}".format(identity)
    if previous is None or not _STORED.search(previous):
        return stored
    return _STORED.sub(stored, previous, count=1)
