# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan does to the MIG layout of one GPU: its actions in a few words, and its slices before and after."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..common import disruption
from ..gpu import catalogue
from . import slices
from .plan_hosts import Action, Host, Layer
from .slices import Instance

_MODES = {"enabled": "on", "disabled": "off"}
_SIGNS = {"create": "+", "destroy": "-"}
# What most GPUs have, where the catalogue does not know one
_SLICES = 8
# Profile, start, size
_Key = Tuple[str, int, int]


class _Step(NamedTuple):
    """An instance that comes (+) or goes (-). compute: the slices of a compute instance; None for the GPU instance."""

    sign: str
    key: _Key
    compute: Optional[int]


def folds(action: Action) -> bool:
    """Whether words() and drawing() tell all of an action, which has the form of mig_layout's actions."""
    if len(action.gpus) != 1:
        return False
    return _sets_mode(action) or _step(action) is not None


def _sets_mode(action: Action) -> bool:
    if action.keys.get("kind") != "set_mode" or str(action.keys.get("mode")) not in _MODES:
        return False
    return action.disruption in (disruption.NONE, disruption.RESET, disruption.REBOOT)


def _step(action: Action) -> Optional[_Step]:
    verb, _under, what = str(action.keys.get("kind")).partition("_")
    key = _key(action.keys)
    inner = slices.place(action.keys.get("compute_placement"))
    if key is None or verb not in _SIGNS or action.disruption not in (disruption.NONE, disruption.DESTROY):
        return None
    if what == "gpu_instance":
        return _Step(_SIGNS[verb], key, None)
    return _Step(_SIGNS[verb], key, inner[1]) if what == "compute_instance" and inner else None


def _key(entry: Mapping[str, Any]) -> Optional[_Key]:
    profile, place = entry.get("profile"), slices.place(entry.get("placement"))
    return (profile, *place) if isinstance(profile, str) and place else None


def words(actions: Sequence[Action], layer: Layer) -> str:
    """The actions on one GPU: MIG off -> on (resets the GPU), + 3g.20gb, + 2x 1g.5gb."""
    parts = []
    for of_mode, some in groupby(actions, key=_sets_mode):
        found = list(some)
        parts += [_mode(action, layer) for action in found] if of_mode else list(_instances(_steps(found)))
    return ", ".join(parts)


def _steps(actions: Sequence[Action]) -> List[_Step]:
    return [step for step in map(_step, actions) if step]


def drawing(actions: Sequence[Action], layer: Layer, host: Host) -> List[str]:
    """The GPU's slices before and after; nothing where its GPU instances stay."""
    (gpu,) = actions[0].gpus
    made = [Instance(*step.key, step.sign) for step in _steps(actions) if step.compute is None]
    if not made:
        return []
    kept, gone, come = (_listed(layer, name, gpu) for name in ("kept", "destroyed", "created"))
    was = _once(kept + [each for each in made if each.mark == "-"] + gone)
    then = _once(kept + [each for each in made if each.mark == "+"] + come)
    before, after = slices.drawn([was, then], _count(host, gpu, was + then))
    return [slices.BEFORE + (before if was else _nothing(actions, layer)), slices.AFTER + after]


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


def _instances(steps: Sequence[_Step]) -> Iterator[str]:
    """Of each kind of instance how many, in the order in which they go or come."""
    inner: Dict[Tuple[str, _Key], List[int]] = {}
    for step in steps:
        if step.compute is not None:
            inner.setdefault((step.sign, step.key), []).append(step.compute)
    named = Counter(_label(step, inner.pop(step[:2], [])) for step in steps if step.compute is None)
    for (sign, label), count in named.items():
        yield "{0} {1}{2}".format(sign, "" if count == 1 else "{0}x ".format(count), label)
    for (sign, key), some in inner.items():
        yield "{0} {1} in {2} at {3}".format(sign, _computes(some), key[0], key[1])


def _label(step: _Step, inner: Sequence[int]) -> Tuple[str, str]:
    """Compute instances are told where they are not just one with all slices."""
    profile = step.key[0]
    divided = step.sign == "+" and inner and list(inner) != [_slices_of(profile)]
    return step.sign, profile + (" ({0})".format(_computes(inner)) if divided else "")


def _computes(some: Sequence[int]) -> str:
    return "+".join("{0}c".format(size) for size in some)


def _slices_of(profile: str) -> Optional[int]:
    match = re.match("([0-9]{1,2})g", profile)
    return int(match.group(1)) if match else None


def _listed(layer: Layer, name: str, gpu: str) -> List[Instance]:
    """The instances of a GPU that the layer lists there."""
    marks = {"destroyed": "-", "created": "+"}
    entries = [(entry, _key(entry)) for entry in layer.extras.get(name, ()) if entry.get("gpu") == gpu]
    return [
        Instance(*key, marks.get(name) or ("*" if entry.get("processes") else "=")) for entry, key in entries if key
    ]


def _once(instances: Sequence[Instance]) -> List[Instance]:
    return list({instance[:3]: instance for instance in instances}.values())


def _count(host: Host, gpu: str, instances: Sequence[Instance]) -> int:
    model = catalogue.by_name(host.gpus[gpu].name) if gpu in host.gpus else None
    known = model.mig.memory_slices if model and model.mig else _SLICES
    return max(known, *(instance.start + instance.size for instance in instances))
