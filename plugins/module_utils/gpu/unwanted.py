# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that were set once and are no longer wanted: the value before is set again, where that disturbs nobody."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from ..common.disruption import NONE, by
from .changed import Entry, Noted
from .selectors import GpuId
from .settings import KEYS, UNKNOWN, Change, GpuState, show

# By index, what is wanted of each GPU
Wanted = Mapping[int, Mapping[str, Any]]
# Why a value stays, and what people do about it
_Reason = Tuple[str, str]

# What nvidia-smi is given for a value
_ARGUMENTS: Dict[str, Callable[[Any], str]] = {
    "persistence_mode": "-pm {0:d}".format,
    "ecc": "-e {0:d}".format,
    "compute_mode": lambda mode: "-c " + mode.upper(),
    "power_limit": lambda limit: "-pl {0:g}".format(limit / 1000.0),
    "memory_clocks": lambda clocks: "-rmc" if clocks is None else "-lmc {0},{1}".format(*clocks),
    "gpu_clocks": lambda clocks: "-rgc" if clocks is None else "-lgc {0},{1}".format(*clocks),
}
_VOLATILE = ("compute_mode", "power_limit", "memory_clocks", "gpu_clocks")


class Forget(NamedTuple):
    """Drops the note of a setting that is as before already, or that somebody else has changed since. value: now."""

    gpu: GpuId
    key: str
    value: Any
    noted: Entry


class Left(NamedTuple):
    """A value that stays though nothing wants it any more. value, before: in words."""

    uuid: str
    setting: str
    value: Any
    before: Any
    why: str
    by_hand: str


def plan(wanted: Wanted, states: Sequence[GpuState], noted: Noted) -> List[Union[Change, Forget]]:
    """What sets back what is no longer wanted."""
    return [
        _forget_or_set_back(state, key, entry)
        for state, key, entry in _unwanted(wanted, states, noted)
        if _stays(wanted, state, key, entry) is None
    ]


def left(wanted: Wanted, states: Sequence[GpuState], noted: Noted, unread: bool) -> List[Left]:
    """What is no longer wanted and stays. unread: there are cards that cannot be read; others are gone."""
    found = []
    for state, key, entry in _unwanted(wanted, states, noted):
        reason = _stays(wanted, state, key, entry)
        if reason is not None:
            found.append(_left(state.gpu.uuid, key, state.values[key], entry, reason))
    return found + (_unread(states, noted) if unread else [])


def _unwanted(wanted: Wanted, states: Sequence[GpuState], noted: Noted) -> Iterator[Tuple[GpuState, str, Entry]]:
    """In the reverse of the order in which they are set."""
    for state in states:
        entries = noted.get(state.gpu.uuid, {})
        for key in reversed(KEYS):
            if key in entries and key in state.values and key not in wanted.get(state.gpu.index, {}):
                yield state, key, entries[key]


def _forget_or_set_back(state: GpuState, key: str, entry: Entry) -> Union[Change, Forget]:
    value = state.values[key]
    if _is_ours(value, entry):
        return Change(state.gpu, key, entry.before, value, entry)
    return Forget(state.gpu, key, value, entry)


def _is_ours(value: Any, entry: Entry) -> bool:
    return value != entry.before and (value in entry.ours or value == UNKNOWN)


def _stays(wanted: Wanted, state: GpuState, key: str, entry: Entry) -> Optional[_Reason]:
    if not _is_ours(state.values[key], entry):
        return None
    if key == "ecc":
        return _ecc(state, entry)
    if key == "compute_mode":
        return _compute_mode(state, entry)
    if key == "persistence_mode":
        return _persistence_mode(wanted.get(state.gpu.index, {}), entry)
    return None


def _ecc(state: GpuState, entry: Entry) -> Optional[_Reason]:
    """A change that is pending yet is taken back without a reset."""
    if state.ecc_current == entry.before:
        return None
    by_hand = "run '{0}' on the host and reboot it, or set ecc in gpu_settings"
    return (
        "another ECC mode takes a reset of the GPU or a reboot",
        by_hand.format(command(state.gpu.uuid, "ecc", entry.before)),
    )


def _compute_mode(state: GpuState, entry: Entry) -> Optional[_Reason]:
    by_hand = "run '{0}' on the host ".format(command(state.gpu.uuid, "compute_mode", entry.before))
    if entry.before == "exclusive_process" and state.mig:
        return ("a GPU cannot have exclusive_process while MIG is on", by_hand + "when MIG is off")
    if entry.before != "default" and state.in_use:
        return ("programs that use the GPU might not start again", by_hand + "when they have ended")
    return None


def _persistence_mode(others: Mapping[str, Any], entry: Entry) -> Optional[_Reason]:
    """Without it the driver forgets the rest when its last client leaves."""
    if entry.before or not any(key in others for key in _VOLATILE):
        return None
    return (
        "the GPU's other settings would be lost whenever nothing uses it",
        "set persistence_mode in gpu_settings: true to keep it, false to turn it off",
    )


def _unread(states: Sequence[GpuState], noted: Noted) -> List[Left]:
    there = {state.gpu.uuid for state in states}
    reason = (
        "the GPU cannot be read",
        "repair the GPU or its driver ('nvidia-smi' on the host shows what is wrong), then run again",
    )
    return [
        _left(uuid, key, entry.ours[-1], entry, reason)
        for uuid, entries in sorted(noted.items())
        for key, entry in sorted(entries.items())
        if uuid not in there
    ]


def _left(uuid: str, key: str, value: Any, entry: Entry, reason: _Reason) -> Left:
    return Left(uuid, key, show(key, value), show(key, entry.before), *reason)


def command(uuid: str, key: str, value: Any) -> str:
    """The command that gives a GPU a value by hand."""
    return "nvidia-smi -i {0} {1}".format(uuid, _ARGUMENTS[key](value))


def describe(action: Forget) -> Dict[str, Any]:
    """The action for people."""
    now = show(action.key, action.value)
    return {
        "does": "forget the earlier {0} of GPU {1}, {2}".format(action.key, action.gpu.label(), _why(action)),
        "uuid": action.gpu.uuid,
        "setting": action.key,
        "from": now,
        "to": now,
        **by(NONE),
    }


def _why(action: Forget) -> str:
    is_back = action.value == action.noted.before
    return "which is back" if is_back else "as something else has changed it since"
