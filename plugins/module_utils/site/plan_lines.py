# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions of a layer as lines for people, few even where many GPUs get the same."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ..common import disruption, lines
from ..common.errors import sentence
from . import plan_mig
from .plan_hosts import Action, Host, Layer
from .plan_shape import PROBLEM, UNKNOWN

# Of a GPU, as its label tells it: of GPU 0 NVIDIA A100-SXM4-40GB (GPU-..., 0000:17:00.0)
_LABEL = re.compile(r" (?:of|on) GPU ([0-9]{1,4}) [^()]{1,100} \(([A-Za-z0-9-]{1,60}), [0-9a-f:.]{7,16}\)")
_SPEAK_FOR_THEMSELVES = re.compile(r"(?:restart|reload|stop|start) |reboot\Z|.* and restart [A-Za-z0-9_.@-]+\Z")

_NUMBERED = re.compile(r"GPU ([0-9]{1,4})\b", re.ASCII)
# Lines that belong to the one before them begin with it.
DEEPER = "  "


class Entry(NamedTuple):
    """Something that is done. gpu: the number of the GPU that it is done to, or what names it; empty for the host."""

    gpu: str
    after: str
    text: str
    drawing: Tuple[str, ...] = ()


def of(layer: Layer, host: Host) -> List[str]:
    """All that is to be told of a layer, but not its name. Where nothing is, it is in order."""
    told = [line for some in _merged(_entries(layer, host)) for line in _told(some)]
    return told + _waits(layer) + _amiss(layer)


def _entries(layer: Layer, host: Host) -> Iterator[Entry]:
    for (gpu, after), some in groupby(layer.actions, key=lambda action: _fold(action, layer)):
        found = list(some)
        if gpu:
            drawn = tuple(plan_mig.drawing(found, layer, host))
            yield Entry(_number(found[0], host), after, plan_mig.words(found, layer), drawn)
        else:
            yield from (_entry(action, after) for action in found)


def _fold(action: Action, layer: Layer) -> Tuple[str, str]:
    """The GPU where its actions are told together, and what they wait for."""
    return action.gpus[0] if plan_mig.folds(action) else "", action.after or layer.after


def _number(action: Action, host: Host) -> str:
    """That of the GPU by facts, else by its label, else what names it."""
    (gpu,) = action.gpus
    number = host.gpus[gpu].number if gpu in host.gpus else None
    labelled = _NUMBERED.match(" ".join(action.of))
    return str(number) if number is not None else labelled.group(1) if labelled else gpu


def _entry(action: Action, after: str) -> Entry:
    labels = list(_LABEL.finditer(action.does))
    if len(labels) != 1 or labels[0].group(2) != action.keys.get("uuid"):
        return Entry("", after, action.does + _interrupts(action, ", ".join(action.of)))
    return Entry(labels[0].group(1), after, _LABEL.sub("", action.does) + _interrupts(action))


def _interrupts(action: Action, gpus: str = "") -> str:
    if action.disruption == disruption.NONE or _SPEAK_FOR_THEMSELVES.match(action.does):
        return ""
    told = {
        disruption.RESTART: "restarts {0}".format(", ".join(action.of) or "services"),
        disruption.DESTROY: "destroys idle instances",
        disruption.RESET: "resets {0}".format(gpus or "the GPU"),
        disruption.REBOOT: "needs a reboot",
        disruption.WIPE: "wipes {0}".format(", ".join(action.of) or "data"),
    }
    return " ({0})".format(told[action.disruption])


def _merged(entries: Iterator[Entry]) -> Iterator[List[Entry]]:
    """Entries that differ in their GPU only, together. Those of the host stay where they are."""
    for of_gpus, run in groupby(entries, key=lambda entry: bool(entry.gpu)):
        alike: Dict[Entry, List[Entry]] = {}
        for place, entry in enumerate(run):
            key = entry._replace(gpu="" if of_gpus else str(place))
            alike.setdefault(key, []).append(entry)
        yield from alike.values()


def _told(entries: Sequence[Entry]) -> List[str]:
    first = entries[0]
    waits = "after {0}: ".format(first.after) if first.after else ""
    gpus = _gpus([entry.gpu for entry in entries]) + ": " if first.gpu else ""
    return [waits + gpus + first.text, *(DEEPER + line for line in first.drawing)]


def _gpus(numbers: Sequence[str]) -> str:
    """GPUs 0-3, 5"""
    if any(lines.as_int(number) is None for number in numbers):
        return ", ".join(numbers)
    runs: List[List[str]] = []
    for number in numbers:
        if runs and number == _next(runs[-1][-1]):
            runs[-1].append(number)
        else:
            runs.append([number])
    parts = ["{0}-{1}".format(run[0], run[-1]) if len(run) > 2 else ", ".join(run) for run in runs]
    return "GPU{0} {1}".format("" if len(numbers) == 1 else "s", ", ".join(parts))


def _next(number: str) -> Optional[str]:
    known = lines.as_int(number)
    return None if known is None else str(known + 1)


def _waits(layer: Layer) -> List[str]:
    if not layer.after or layer.actions or layer.problem:
        return []
    return ["after {0}: cannot be judged before".format(layer.after)]


def _amiss(layer: Layer) -> List[str]:
    if layer.state not in (PROBLEM, UNKNOWN) or _waits(layer):
        return []
    why = sentence(layer.problem or "no reason was given")
    return [_what(layer) + why] + ([DEEPER + "fix:  " + sentence(layer.fix)] if layer.fix else [])


def _what(layer: Layer) -> str:
    """A layer that waits is not known yet, which is nothing amiss."""
    if not layer.after:
        return layer.state + ": "
    return "after {0}: {1}".format(layer.after, "" if layer.state == UNKNOWN else layer.state + ": ")
