# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this collection has changed on GPUs: the value before that, and those that it set.

A value is noted before it is set, so that an interruption loses nothing. The value before stays noted, whatever is set
later and whatever a reboot resets, until it is back.
"""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

from ..common.errors import EdgesiteError
from . import nvml_words

# Each layer has a file of its own, as it is removed on its own.
SETTINGS = "/etc/edgesite-gpu/gpu-changed.json"
MIG = "/etc/edgesite-gpu/mig-changed.json"
_FORMAT = 1


class Entry(NamedTuple):
    """One setting of one GPU. ours: what was set; more than one where a run was interrupted between two."""

    before: Any
    ours: Tuple[Any, ...]


# By GPU UUID and key
Noted = Mapping[str, Mapping[str, Entry]]


def while_set(entry: Optional[Entry], previous: Any, value: Any) -> Entry:
    """The entry while a value is being set. previous: what is there."""
    known = Entry(previous, ()) if entry is None else entry
    return known._replace(ours=tuple(dict.fromkeys((*known.ours, value))))


def once_set(entry: Optional[Entry], previous: Any, value: Any) -> Optional[Entry]:
    """The entry once a value is set; None where that is the value before all changes."""
    before = previous if entry is None else entry.before
    return None if value == before else Entry(before, (value,))


def put(noted: Noted, uuid: str, key: str, entry: Optional[Entry]) -> Noted:
    """The notes with this entry, or with None without it."""
    of_gpu = {name: known for name, known in noted.get(uuid, {}).items() if name != key}
    if entry is not None:
        of_gpu[key] = entry
    others = {other: entries for other, entries in noted.items() if other != uuid}
    return {**others, uuid: of_gpu} if of_gpu else others


def text(noted: Noted) -> Optional[str]:
    """The file with the notes; None for no file."""
    if not noted:
        return None
    gpus = {
        uuid: {key: {"before": entry.before, "set": entry.ours} for key, entry in of_gpu.items()}
        for uuid, of_gpu in noted.items()
    }
    return json.dumps({"format": _FORMAT, "gpus": gpus}, indent=2, sort_keys=True) + "\n"


def parse(path: str, found: Optional[str]) -> Noted:
    """The notes in a file. Raises EdgesiteError where they are not what text() writes."""
    try:
        return {} if found is None else _parsed(json.loads(found))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise EdgesiteError(
            "{0} is damaged, or a newer version of edgesite.gpu wrote it".format(path),
            "Use the newest version of edgesite.gpu that was used for this host. If that does not help, run "
            "'rm {0}' on the host: what is set now then counts as the earlier values".format(path),
        ) from None


def _parsed(found: Any) -> Noted:
    if found["format"] != _FORMAT:
        raise ValueError(found["format"])
    return {
        str(uuid): {key: _entry(key, entry["before"], entry["set"]) for key, entry in of_gpu.items()}
        for uuid, of_gpu in found["gpus"].items()
    }


def _entry(key: str, before: Any, ours: List[Any]) -> Entry:
    read = _VALUES[key]
    return Entry(read(before), tuple(read(value) for value in ours))


def _a(kind: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        # True and False are numbers too.
        if not isinstance(value, kind) or isinstance(value, bool) and kind is not bool:
            raise ValueError(value)
        return value

    return read


def _mode(value: Any) -> str:
    nvml_words.number(nvml_words.COMPUTE_MODES, _a(str)(value))
    return str(value)


def _clocks(value: Any) -> Optional[Tuple[int, int]]:
    if value is None:
        return None
    low, high = map(_a(int), value)
    return (low, high)


_VALUES: Dict[str, Callable[[Any], Any]] = {
    "persistence_mode": _a(bool),
    "ecc": _a(bool),
    "compute_mode": _mode,
    "power_limit": _a(int),
    "memory_clocks": _clocks,
    "gpu_clocks": _clocks,
    "mig": _a(bool),
}
