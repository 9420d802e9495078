# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes this collection off a host: units first, then holds and files, then folders that are left empty.

What stays in force is noted first, in memory, as the configurations that tell of it go. A reboot ends the note, and
most of what is in it; until then each later run tells of it too. Folders that will be left empty are noted as well: a
run that is killed before it comes to one leaves nothing else that would tell whose the folder was.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple, Union

from ..common import effects, quiesce
from ..common.disruption import NONE, by
from ..common.effects import Effect, Link, RunUnit, WriteFile
from ..common.footprint import Footprint, Holds, InForce, Kept
from ..common.quiesce import SwitchUnit

FOLDER = "/etc/edgesite-gpu"
MEMORY = "/run/edgesite-gpu"
NOTE = MEMORY + "/left-in-force.json"
_OUR_UNITS = "edgesite-gpu-"
_MEMORY = Kept(
    MEMORY,
    "it is in memory: locks and results of runs, and what is noted of the cards for as long as they run",
    "a reboot empties it",
)


class Release(NamedTuple):
    """Lets packages go that were held for a layer. note: of which they are; it goes too."""

    names: Tuple[str, ...]
    note: WriteFile


class RemoveFolder(NamedTuple):
    """Takes an empty folder away."""

    path: str


Action = Union[Effect, SwitchUnit, Release, RemoveFolder]


class State(NamedTuple):
    """What there is. inside: what is in the folders that are there. note: of an earlier run."""

    layers: Mapping[str, Footprint]
    inside: Mapping[str, Tuple[str, ...]]
    note: Optional[str] = None


class Note(NamedTuple):
    """What an earlier run noted. in_force: by layer."""

    in_force: Mapping[str, Tuple[InForce, ...]]
    folders: Tuple[str, ...]


def plan(state: State) -> List[Action]:
    """The steps. None of them touches cards, volumes, keys or packages."""
    found = list(state.layers.values())
    actions: List[Action] = list(_noted(state))
    actions += [RunUnit(unit, False) for one in found for unit in one.running]
    # Of the collection's own units none is to run any more.
    stopped = [unit for one in found for unit in one.stopped if not unit.startswith(_OUR_UNITS)]
    actions += [SwitchUnit(unit, start=True) for unit in stopped]
    # Links first, so that nothing starts at boot whose file is gone.
    actions += [Link(path, None, target) for one in found for path, target in one.links.items()]
    actions += [Release(hold.names, WriteFile(hold.note, None, hold.text)) for hold in _holds(found)]
    actions += [WriteFile(path, None, text) for one in found for path, text in one.files.items()]
    return [*actions, *map(RemoveFolder, _empty(state))]


def _noted(state: State) -> List[WriteFile]:
    told = {name: one.in_force for name, one in state.layers.items() if one.in_force}
    folders = [folder for folder in _empty(state) if folder != FOLDER]
    if not told and not folders:
        return []
    before = read_note(state.note)
    text = _text(Note(_merged(before, told), tuple(sorted({*before.folders, *folders}))))
    return [] if text == state.note else [WriteFile(NOTE, text, state.note, does="note what stays in force")]


def _merged(before: Note, told: Mapping[str, Tuple[InForce, ...]]) -> Dict[str, Tuple[InForce, ...]]:
    """What is told now counts more; a run that was killed may have taken away what told of the rest."""
    layers = [*before.in_force, *(name for name in told if name not in before.in_force)]
    return {name: _newest(before.in_force.get(name, ()), told.get(name, ())) for name in layers}


def _newest(before: Sequence[InForce], told: Sequence[InForce]) -> Tuple[InForce, ...]:
    return tuple({entry.what: entry for entry in (*before, *told)}.values())


def _text(note: Note) -> str:
    in_force = {name: [entry._asdict() for entry in entries] for name, entries in note.in_force.items()}
    return json.dumps({"in_force": in_force, "folders": note.folders}, indent=2, sort_keys=True) + "\n"


def read_note(text: Optional[str]) -> Note:
    """A note that is damaged says nothing."""
    try:
        found = json.loads(text or "{}")
        in_force = {name: tuple(InForce(**entry) for entry in entries) for name, entries in found["in_force"].items()}
        return Note(in_force, tuple(str(folder) for folder in found["folders"]))
    except (AttributeError, KeyError, TypeError, ValueError):
        return Note({}, ())


def _holds(found: Sequence[Footprint]) -> List[Holds]:
    return [one.holds for one in found if one.holds is not None]


def _going(found: Sequence[Footprint]) -> Set[str]:
    paths = {path for one in found for path in (*one.files, *one.links)}
    return paths | {hold.note for hold in _holds(found)}


def _empty(state: State) -> List[str]:
    """The folders that are empty once all that goes is gone, the inner ones first."""
    gone, found = _going(list(state.layers.values())), []
    for folder in sorted(state.inside, key=len, reverse=True):
        if gone.issuperset(_paths(state, folder)):
            gone.add(folder)
            found.append(folder)
    return found


def _paths(state: State, folder: str) -> List[str]:
    return ["{0}/{1}".format(folder, name) for name in state.inside.get(folder, ())]


def after(state: State, actions: Sequence[Action]) -> State:
    """The state once all of the actions are done."""
    if not actions:
        return state
    gone = _going(list(state.layers.values())) | set(_empty(state))
    inside = {
        folder: tuple(name for name in names if "{0}/{1}".format(folder, name) not in gone)
        for folder, names in state.inside.items()
        if folder not in gone
    }
    note = effects.files_after({NOTE: state.note}, actions)[NOTE]
    return State({name: one.gone() for name, one in state.layers.items()}, inside, note)


def describe(action: Action) -> str:
    """The action for people."""
    if isinstance(action, SwitchUnit):
        return str(quiesce.describe(action)["does"]) + ", which an earlier run left stopped"
    if isinstance(action, Release):
        return "no longer hold " + ", ".join(action.names) if action.names else effects.describe(action.note)
    if isinstance(action, RemoveFolder):
        return "remove the folder " + action.path
    return effects.describe(action)


def disruption(action: Action) -> Dict[str, Any]:
    """What the action interrupts."""
    if isinstance(action, SwitchUnit):
        return quiesce.disruption(action)
    return by(NONE) if isinstance(action, (Release, RemoveFolder)) else effects.disruption(action)


def render(state: State) -> Dict[str, Any]:
    """The state for people."""
    found = list(state.layers.values())
    return {
        "running": sorted(unit for one in found for unit in one.running),
        "files": {path: text for one in found for path, text in one.files.items()},
        "links": {path: target for one in found for path, target in one.links.items()},
        "held": sorted(name for hold in _holds(found) for name in hold.names),
        "folders": sorted(_empty(state)),
    }


def kept(state: State) -> List[Kept]:
    """All that stays of these layers, and whatever else is in the collection's folder."""
    named = [entry for one in state.layers.values() for entry in one.kept]
    known = _going(list(state.layers.values())) | {*_empty(state), *(entry.what for entry in named)}
    unknown = [path for path in _paths(state, FOLDER) if path not in known]
    why = "it is of a layer that was not named, or not of this collection"
    return [
        *named,
        *(Kept(path, why, "name its layer; or, if it is nobody's, rm -r " + path) for path in unknown),
        _MEMORY,
    ]


def in_force(state: State) -> List[InForce]:
    """All that stays in force of these layers."""
    noted = read_note(state.note).in_force
    told = {name: (*_newest(noted.get(name, ()), one.in_force), *one.seen) for name, one in state.layers.items()}
    return [entry for entries in told.values() for entry in entries]
