# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of a GPU that are not its MIG layout: what is wanted, what is there, and what to do about it.

A setting's value is, by key:
persistence_mode  bool
ecc               bool, the pending mode: the current one follows at the next reset or reboot
compute_mode      default | exclusive_process | prohibited
power_limit       int, mW
memory_clocks     (min, max) in MHz, None where not locked, or UNKNOWN
gpu_clocks        (min, max) in MHz, None where not locked, or UNKNOWN
"""

from __future__ import annotations

import itertools
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..common.disruption import NONE, by
from ..common.errors import EdgesiteError, Problems, combined, shown
from . import alike, selectors
from .changed import Entry, Noted
from .nvml_words import COMPUTE_MODES
from .selectors import GpuId, merge

# In the order they are applied: without persistence the driver forgets the rest when its last client leaves,
# and clocks come last since a power limit bounds them.
KEYS = ("persistence_mode", "ecc", "compute_mode", "power_limit", "memory_clocks", "gpu_clocks")

_OTHERS = "Name only GPUs that support it in gpus, such as gpus: [{model: A100}]"

Range = Tuple[int, int]
# Clocks that a run was changing when it was killed: NVML does not tell whether they are locked.
UNKNOWN: Range = (0, 0)
# The selectors of an entry, none for all GPUs, None where they are wrong; by key, the option's name and value
_Entry = Tuple[Optional[List[Dict[str, Any]]], Dict[str, Tuple[str, Any]]]


class GpuState(NamedTuple):
    """One GPU as observed. values lacks the keys that the card does not have.

    power_default and power_range are in mW, the clock ranges in MHz; None where the card does not tell. in_use: by
    programs.
    """

    gpu: GpuId
    values: Dict[str, Any]
    ecc_current: Optional[bool] = None
    mig: bool = False
    power_default: Optional[int] = None
    power_range: Optional[Range] = None
    memory_clock_range: Optional[Range] = None
    gpu_clock_range: Optional[Range] = None
    in_use: bool = False


class Change(NamedTuple):
    """One setting of one GPU to change. noted: what earlier changes of it have noted."""

    gpu: GpuId
    key: str
    value: Any
    previous: Any
    noted: Optional[Entry] = None


def from_facts(facts: Dict[str, Any], locked: Optional[Dict[str, Range]] = None) -> GpuState:
    """The state in an entry of gpu_info's gpus. locked: the clocks known to be locked, by key."""
    power, clocks, ecc, mig = facts["power_w"], facts["clocks_mhz"], facts["ecc"], facts["mig"]
    values: Dict[str, Any] = {
        "persistence_mode": facts["persistence_mode"],
        "ecc": None if ecc is None else ecc["pending"],
        "compute_mode": facts["compute_mode"],
        "power_limit": _milliwatts(power["limit"]),
    }
    values = {key: value for key, value in values.items() if value is not None}
    ranges = {
        "memory_clocks": _range(clocks["min_memory"], clocks["max_memory"]),
        "gpu_clocks": _range(clocks["min_graphics"], clocks["max_graphics"]),
    }
    values.update({key: (locked or {}).get(key) for key, known in ranges.items() if known is not None})
    return GpuState(
        gpu=GpuId(facts["index"], facts["uuid"], facts["pci_bus_id"], facts["name"]),
        values=values,
        ecc_current=None if ecc is None else ecc["current"],
        mig=bool(mig and mig["current"]),
        power_default=_milliwatts(power["default_limit"]),
        power_range=_range(_milliwatts(power["min_limit"]), _milliwatts(power["max_limit"])),
        memory_clock_range=ranges["memory_clocks"],
        gpu_clock_range=ranges["gpu_clocks"],
        in_use=bool(facts.get("processes")),
    )


def plan(settings: Sequence[Dict[str, Any]], states: Sequence[GpuState], noted: Optional[Noted] = None) -> List[Change]:
    """The changes that bring the GPUs to the settings. Raises EdgesiteError with every problem in it."""
    problems, wanted = judge(settings, states)
    if problems:
        raise combined(problems)
    by_index = {state.gpu.index: state for state in states}
    changes = []
    for gpu, values in wanted:
        present, known = by_index[gpu.index].values, (noted or {}).get(gpu.uuid, {})
        changes += [
            Change(gpu, key, values[key], present[key], known.get(key))
            for key in KEYS
            if key in values and values[key] != present[key]
        ]
    return changes


def check(settings: Sequence[Dict[str, Any]], option: str = "settings") -> List[EdgesiteError]:
    """Every problem of the settings that can be seen without a GPU. option: what users call them."""
    problems = Problems()
    entries = [
        _checked("{0}[{1}].".format(option, position), entry, problems) for position, entry in enumerate(settings)
    ]
    return problems.found + _contradictions(entries)


def _contradictions(entries: Sequence[_Entry]) -> List[EdgesiteError]:
    """Of each option the first."""
    found: Dict[str, EdgesiteError] = {}
    for (_gpus, earlier), (_others, later) in _overlapping(entries):
        for key in [key for key in KEYS if key in earlier and key in later]:
            if earlier[key][1] != later[key][1]:
                found.setdefault(later[key][0], selectors.contradiction(earlier[key], later[key]))
    return list(found.values())


def _checked(where: str, entry: Mapping[str, Any], problems: Problems) -> _Entry:
    """What is good of an entry."""
    named: Optional[List[Dict[str, Any]]] = None
    with problems:
        named = [selector for _where, selector in selectors.check(where + "gpus", entry["gpus"])]
    good = {}
    for key in [key for key in KEYS if entry.get(key) is not None]:
        with problems:
            if key in _FORMS:
                _FORMS[key](where + key, entry[key])
            good[key] = (where + key, entry[key])
    return named, good


def _overlapping(entries: Sequence[_Entry]) -> Iterator[Tuple[_Entry, _Entry]]:
    for earlier, later in itertools.combinations(entries, 2):
        if earlier[0] is not None and later[0] is not None and selectors.overlap(earlier[0], later[0]):
            yield earlier, later


def judge(
    settings: Sequence[Dict[str, Any]], states: Sequence[GpuState], option: str = "settings"
) -> Tuple[List[EdgesiteError], List[Tuple[GpuId, Dict[str, Any]]]]:
    """Every problem of the settings on these GPUs, and the values wanted of each GPU that they name."""
    wanted = []
    by_index = {state.gpu.index: state for state in states}
    problems, merged = merge(option, settings, [state.gpu for state in states])
    for gpu, options in merged:
        values = {}
        for key in KEYS:
            if key in options:
                try:
                    values[key] = _value(*options[key], key=key, state=by_index[gpu.index])
                except EdgesiteError as problem:
                    problems.append(problem)
        wanted.append((gpu, values))
    return alike.once(problems, [state.gpu for state in states]), wanted


def after(states: Sequence[GpuState], changes: Sequence[Change]) -> List[GpuState]:
    """The states once the changes are done."""
    result = []
    for state in states:
        mine = {change.key: change.value for change in changes if change.gpu.index == state.gpu.index}
        result.append(state._replace(values={**state.values, **mine}))
    return result


def pending_ecc(settings: Sequence[Dict[str, Any]], states: Sequence[GpuState]) -> List[GpuId]:
    """The GPUs with an ECC setting whose pending mode waits for a reset or reboot."""
    named = {gpu.index for gpu, values in judge(settings, states)[1] if "ecc" in values}
    return [
        state.gpu
        for state in states
        if state.gpu.index in named and state.ecc_current is not None and state.ecc_current != state.values["ecc"]
    ]


def describe(change: Change) -> Dict[str, Any]:
    """The change for people. Programs go on with any of these, and another ECC mode comes with a later reset."""
    values = (change.previous, change.value)
    before, after = (show(change.key, value) for value in values)
    back = change.noted is not None and change.noted.before == change.value
    return {
        "does": "{0} {1} of GPU {2} from {3} to {4}".format(
            "set back" if back else "set",
            change.key,
            change.gpu.label(),
            *(in_words(change.key, value) for value in values),
        ),
        "uuid": change.gpu.uuid,
        "setting": change.key,
        "from": before,
        "to": after,
        **by(NONE),
    }


def show(key: str, value: Any) -> Any:
    """A value for people: watts for a power limit, 'unlocked' or 'MIN-MAX' for clocks."""
    if key == "power_limit":
        return "{0:g} W".format(value / 1000.0)
    if key.endswith("_clocks"):
        return _show_clocks(value)
    return value


def in_words(key: str, value: Any) -> str:
    """A value in a sentence, as YAML has it."""
    return str(value).lower() if isinstance(value, bool) else str(show(key, value))


def _show_clocks(clocks: Optional[Range]) -> str:
    if clocks == UNKNOWN:
        return "unknown"
    return "unlocked" if clocks is None else "{0}-{1} MHz".format(*clocks)


def _value(where: str, option: Any, key: str, state: GpuState) -> Any:
    if key not in state.values:
        raise EdgesiteError(
            "{0} is set for GPU {1}, which does not support it".format(where, state.gpu.label()),
            _OTHERS,
        )
    if key == "power_limit":
        return _power_limit(where, option, state)
    if key.endswith("_clocks"):
        return _clocks(where, option, key, state)
    if key == "compute_mode":
        return _compute_mode(where, option, state)
    return bool(option)


def _compute_mode(where: str, option: Any, state: GpuState) -> str:
    if _mode(where, option) == "exclusive_process" and state.mig:
        raise EdgesiteError(
            "{0} is exclusive_process, which GPU {1} cannot have while MIG is on".format(where, state.gpu.label()),
            "Set compute_mode: default, or turn MIG off by mig: disabled in mig_layouts",
        )
    return str(option)


def _mode(where: str, option: Any) -> str:
    allowed = sorted(COMPUTE_MODES.values())
    if option not in allowed:
        raise EdgesiteError(
            "{0} is {1}, but has to be one of {2}".format(where, shown(option), ", ".join(allowed)),
            "Set it to one of these",
        )
    return str(option)


def _power_limit(where: str, option: Any, state: GpuState) -> int:
    if state.power_range is None:
        raise EdgesiteError("{0} is set for GPU {1}, whose limit is fixed".format(where, state.gpu.label()), _OTHERS)
    low, high = state.power_range
    accepted = "{0} to {1}".format(show("power_limit", low), show("power_limit", high))
    fix = "Set a number of watts from {0:g} to {1:g}, or 'default'".format(low / 1000.0, high / 1000.0)
    limit = _limit(where, option, fix)
    if limit is None:
        return _default_limit(where, state)
    if not low <= limit <= high:
        raise EdgesiteError(
            "{0} is {1}, out of range: GPU {2} accepts {3}".format(
                where, show("power_limit", limit), state.gpu.label(), accepted
            ),
            fix,
        )
    return limit


def _default_limit(where: str, state: GpuState) -> int:
    if state.power_default is None:
        raise EdgesiteError(
            "{0} is 'default', but GPU {1} does not report its default".format(where, state.gpu.label()),
            "Set a number of watts, such as that of 'nvidia-smi -q -d POWER'",
        )
    return state.power_default


def _limit(where: str, option: Any, fix: str = "Set a number of watts, such as 250, or 'default'") -> Optional[int]:
    """A power limit in milliwatts; None for the card's default."""
    if option == "default":
        return None
    try:
        limit = int(round(float(option) * 1000))
    except (TypeError, ValueError, OverflowError):
        limit = 0
    if limit <= 0:
        raise EdgesiteError("{0} is {1}, neither a number of watts nor 'default'".format(where, shown(option)), fix)
    return limit


def _clocks(where: str, option: Any, key: str, state: GpuState) -> Optional[Range]:
    # A card whose values have the key has its range: from_facts puts both there or neither.
    allowed = (state.gpu_clock_range if key == "gpu_clocks" else state.memory_clock_range) or (0, 0)
    clocks = _range_of(where, option)
    if clocks is not None and not allowed[0] <= clocks[0] <= clocks[1] <= allowed[1]:
        raise EdgesiteError(
            "{0} is {1}, but GPU {2} accepts {3}".format(
                where, show(key, clocks), state.gpu.label(), show(key, allowed)
            ),
            "Choose clocks in this range ('nvidia-smi -q -d SUPPORTED_CLOCKS' lists them)",
        )
    return clocks


def _range_of(where: str, option: Any) -> Optional[Range]:
    """The clocks that are wanted; None for unlocked ones."""
    low, high = option.get("min"), option.get("max")
    if not option.get("locked", True):
        if low is not None or high is not None:
            raise EdgesiteError(
                "{0} has both 'locked: false' and a clock".format(where),
                "Remove min and max to unlock the clocks, or 'locked: false' to lock them",
            )
        return None
    if low is None or high is None:
        raise EdgesiteError(
            "{0} lacks min or max".format(where),
            "Set both in MHz, to the same value for a fixed clock, or 'locked: false' to unlock",
        )
    if not 0 < low <= high:
        raise EdgesiteError(
            "{0} is {1}, but min has to be above 0 and not above max".format(where, show("gpu_clocks", (low, high))),
            "Set clocks in MHz, such as min: 1110 and max: 1410",
        )
    return (low, high)


# What can be said of a value without a GPU, by key
_FORMS: Dict[str, Callable[[str, Any], Any]] = {
    "compute_mode": _mode,
    "power_limit": _limit,
    "memory_clocks": _range_of,
    "gpu_clocks": _range_of,
}


def _milliwatts(watts: Optional[float]) -> Optional[int]:
    return None if watts is None else int(round(watts * 1000))


def _range(low: Optional[int], high: Optional[int]) -> Optional[Range]:
    return None if low is None or high is None else (low, high)
