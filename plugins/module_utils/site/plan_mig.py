# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan does to the MIG layout of one GPU: its actions in a few words, and its slices before and after."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from ..common import disruption
from ..gpu import catalogue
from . import slices
from .plan_hosts import Action, Host, Layer
from .slices import Instance

_MODES = {"enabled": "on", "disabled": "off"}
_GPU, _COMPUTE = "_gpu_instance", "_compute_instance"
_SIGNS = {"create": "+", "destroy": "-"}
# What most GPUs have, where the catalogue does not know one
_SLICES = 8
# Profile, start, size
_Key = Tuple[str, int, int]


def folds(action: Action) -> bool:
    """Whether words() and drawing() tell of an action, which is of the form that mig_layout's actions have."""
    keys = action.keys
    if len(action.gpus) != 1:
        return False
    if keys.get("kind") == "set_mode":
        return isinstance(keys.get("mode"), str) and keys["mode"] in _MODES
    if not isinstance(keys.get("profile"), str) or slices.place(keys) is None or _sign(action) is None:
        return False
    return not _is(action, _COMPUTE) or slices.place(_inner(action)) is not None


def words(actions: Sequence[Action], layer: Layer) -> str:
    """The actions on one GPU: MIG off -> on (resets the GPU), + 3g.20gb, + 2x 1g.5gb."""
    parts = []
    for mode, some in groupby(actions, key=lambda action: action.keys["kind"] == "set_mode"):
        found = list(some)
        parts += [_mode(action, layer) for action in found] if mode else list(_instances(found))
    return ", ".join(parts)


def drawing(actions: Sequence[Action], layer: Layer, host: Host) -> List[str]:
    """The GPU's slices before and after; nothing where its GPU instances stay."""
    (gpu,) = actions[0].gpus
    if not any(_is(action, _GPU) for action in actions):
        return []
    gone = _named(actions, "destroy", "-") + _listed(layer, "destroyed", gpu)
    come = _named(actions, "create", "+") + _listed(layer, "created", gpu)
    kept = _listed(layer, "kept", gpu)
    rows = [_once(kept + gone), _once(kept + come)]
    before, after = slices.drawn(rows, _count(host, gpu, rows))
    return [slices.BEFORE + (before if rows[0] else _nothing(actions, layer)), slices.AFTER + after]


def _nothing(actions: Sequence[Action], layer: Layer) -> str:
    was = layer.mig_before.get(actions[0].gpus[0])
    if was == "disabled" or any(action.keys.get("mode") == "enabled" for action in actions):
        return "MIG off"
    return "no instances" if was else "not known"


def _mode(action: Action, layer: Layer) -> str:
    mode = action.keys["mode"]
    if layer.mig_before.get(action.gpus[0]) == mode:
        return "MIG stays {0} (a pending change is taken back)".format(_MODES[mode])
    notes = {disruption.RESET: " (resets the GPU)", disruption.REBOOT: " (needs a reboot)"}
    return "MIG {0}{1}".format("off -> on" if mode == "enabled" else "on -> off", notes.get(action.disruption, ""))


def _instances(actions: Sequence[Action]) -> Iterator[str]:
    """Of each kind of instance how many, in the order in which they go or come."""
    whole = [action for action in actions if _is(action, _GPU)]
    inner: Dict[Tuple[_Key, Optional[str]], List[Action]] = {}
    for action in actions:
        if _is(action, _COMPUTE):
            inner.setdefault((_key(action.keys), _sign(action)), []).append(action)
    named = Counter(_label(action, inner.pop((_key(action.keys), _sign(action)), [])) for action in whole)
    for label, count in named.items():
        yield "{0} {1}{2}".format(label[0], "" if count == 1 else "{0}x ".format(count), label[1])
    for (key, sign), some in inner.items():
        yield "{0} {1} in {2} at {3}".format(sign, _computes(some), key[0], key[1])


def _label(action: Action, inner: Sequence[Action]) -> Tuple[str, str]:
    profile = action.keys["profile"]
    one_whole = len(inner) == 1 and _inner(inner[0])["placement"]["size"] == _slices_of(profile)
    content = "" if one_whole or _sign(action) == "-" or not inner else " ({0})".format(_computes(inner))
    return str(_sign(action)), profile + content


def _computes(actions: Sequence[Action]) -> str:
    return "+".join("{0}c".format(_inner(action)["placement"]["size"]) for action in actions)


def _slices_of(profile: str) -> Optional[int]:
    match = re.match("([0-9]{1,2})g", profile)
    return int(match.group(1)) if match else None


def _named(actions: Sequence[Action], verb: str, mark: str) -> List[Instance]:
    return [Instance(*_key(action.keys), mark) for action in actions if action.keys["kind"] == verb + _GPU]


def _listed(layer: Layer, name: str, gpu: str) -> List[Instance]:
    """The instances of a GPU that the layer lists there."""
    entries = (entry for entry in layer.extras.get(name, ()) if entry.get("gpu") == gpu and slices.place(entry))
    marks = {"destroyed": "-", "created": "+"}
    return [Instance(*_key(entry), marks.get(name) or ("*" if entry.get("processes") else "=")) for entry in entries]


def _once(instances: Sequence[Instance]) -> List[Instance]:
    return list({instance[:3]: instance for instance in instances}.values())


def _count(host: Host, gpu: str, rows: Sequence[Sequence[Instance]]) -> int:
    model = catalogue.by_name(host.gpus[gpu].name) if gpu in host.gpus else None
    known = model.mig.memory_slices if model and model.mig else _SLICES
    return max(known, *(instance.start + instance.size for row in rows for instance in row))


def _key(entry: Mapping[str, Any]) -> _Key:
    start, size = slices.place(entry) or (0, 1)
    return str(entry.get("profile")), start, size


def _inner(action: Action) -> Dict[str, Any]:
    """The placement of a compute instance, where slices.place finds it."""
    return {"placement": action.keys.get("compute_placement")}


def _is(action: Action, ending: str) -> bool:
    return str(action.keys.get("kind")).endswith(ending)


def _sign(action: Action) -> Optional[str]:
    verb, _under, what = str(action.keys.get("kind")).partition("_")
    return _SIGNS.get(verb) if "_" + what in (_GPU, _COMPUTE) else None
