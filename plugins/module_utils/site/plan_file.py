# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The document that keeps a site's plan, and how a new look at a host compares with it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any, Callable, Dict, Iterable, List, Mapping, Sequence

from ..common import disruption, lines
from ..common.errors import EdgesiteError
from . import plan_shape, problem
from .plan_shape import CHANGES, IN_ORDER, PROBLEM, UNKNOWN

SCHEMA = 1
Entry = Mapping[str, Any]
Action = Mapping[str, Any]


def canonical(value: Any) -> bytes:
    """The one way in which a value is written where a digest is made of it."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def as_sent(value: Any) -> Any:
    """The value in plain types, as a host gets it: without what Ansible notes of texts, and with dates as texts."""
    return json.loads(json.dumps(value, default=str))


def digest(value: Any) -> str:
    """SHA-256 of a value."""
    return hashlib.sha256(canonical(value)).hexdigest()


def inventory(hosts: Iterable[str]) -> str:
    """What tells an inventory from others: its hosts, and not where it lies, as each run may have its own checkout."""
    return digest(sorted(set(hosts)))


def made(looks: Sequence[Mapping[str, Any]], head: Mapping[str, Any]) -> Dict[str, Any]:
    """The plan of these looks. It has what is named here and nothing else of them, so that no secret gets into it.

    head: collection (its version), made, expires, inventory, limit, tags.
    """
    return {
        "schema": SCHEMA,
        **{name: head[name] for name in ("collection", "made", "expires", "inventory")},
        **{name: sorted(head[name]) for name in ("limit", "tags")},
        "hosts": {look["host"]: entry(look) for look in looks},
    }


def entry(look: Mapping[str, Any]) -> Dict[str, Any]:
    """What a plan has of a host: whether it may be applied, or why not, and what would be done."""
    if garbled(look):
        why = problem.sentences(problem.garbled(look["host"]))
        return {"apply": False, "why": why, "observed": "", "desired": "", "layers": []}
    look = _filled(look)
    why = _why(look)
    return {
        "apply": not why,
        "why": why,
        "observed": look["observed"],
        "desired": look["desired"],
        "layers": [_layer(layer) for layer in look["layers"]],
    }


def garbled(look: Mapping[str, Any]) -> bool:
    """Whether a look is not of the form that ours have."""
    if plan_shape.flaw(_filled(look), plan_shape.LOOK, others=True):
        return True
    names = [layer["layer"] for layer in look["layers"]]
    return len(set(names)) != len(names)


def _filled(look: Mapping[str, Any]) -> Dict[str, Any]:
    """With what a look may leave out: what interrupts nothing, waits for nothing and is no problem need not say so."""
    try:
        layers = [
            {"after": "", "problem": "", "fix": "", **layer, "actions": [{**QUIET, **one} for one in layer["actions"]]}
            for layer in look["layers"]
        ]
    except (KeyError, TypeError):
        return dict(look)
    return {"why": "", **look, "layers": layers}


# What an action may leave out
QUIET: Mapping[str, Any] = {"disruption": disruption.NONE, "of": [], "after": ""}


def _why(look: Mapping[str, Any]) -> str:
    """Why a host is left out of the plan; empty where it is not."""
    if look["status"] != "read":
        return lines.in_one(look["why"]) or "it could not be read"
    return " ".join(map(_wrong, filter(_is_wrong, look["layers"])))


def _is_wrong(layer: Mapping[str, Any]) -> bool:
    """What can be judged later is no problem."""
    return layer["state"] == PROBLEM or (layer["state"] == UNKNOWN and not layer["after"])


def _wrong(layer: Mapping[str, Any]) -> str:
    what = layer["problem"] or "its state is not known"
    return lines.in_one("{0}: {1}".format(layer["layer"], EdgesiteError(what, layer["fix"])))


def _layer(layer: Mapping[str, Any]) -> Dict[str, Any]:
    return {
        **{name: layer[name] for name in ("layer", "state", "after", "observed", "desired")},
        "actions": [action(one) for one in layer["actions"]],
    }


def action(given: Action) -> Dict[str, Any]:
    """What identifies an action, in lines that a terminal shows as they are."""
    return {
        "does": lines.in_one(str(given["does"])),
        "disruption": disruption.kind(given),
        "of": [lines.in_one(str(one)) for one in given.get("of", ())],
        "after": str(given.get("after", "")),
    }


def differences(planned: Entry, look: Mapping[str, Any]) -> List[str]:
    """What differs between a plan's entry of a host and a new look at it; empty where the look is exactly the plan."""
    host, now = look["host"], entry(look)
    found = unfit(host, planned, now) or of_layers(planned, now, lambda old, new: _of_layer(host, old, new))
    return found or _of_host(host, planned, now)


def unfit(host: str, planned: Entry, now: Entry) -> List[str]:
    """Why there is nothing to compare."""
    if not planned["apply"]:
        return ["the plan leaves {0} out: {1}".format(host, planned["why"])]
    return [] if now["apply"] else ["{0} cannot be judged now: {1}".format(host, now["why"])]


def of_layers(planned: Entry, now: Entry, compare: Callable[[Entry, Entry], List[str]]) -> List[str]:
    """What differs in each layer, and which layers only one of the two has."""
    old, new = by_name(planned), by_name(now)
    found = [told for name in old if name in new for told in compare(old[name], new[name])]
    found += [_GONE.format(name) for name in old if name not in new]
    return found + [_CAME.format(name) for name in new if name not in old]


_GONE = "{0} is in the plan, but not in the inventory or the tags of this run"
_CAME = "{0} is in the inventory and the tags of this run, but not in the plan"


def by_name(of: Entry) -> Dict[str, Entry]:
    """The layers of a host."""
    return {layer["layer"]: layer for layer in of["layers"]}


def desired(old: Entry, new: Entry) -> List[str]:
    """What the inventory asks for now, and has not asked for then."""
    differs = old["desired"] != new["desired"]
    return ["the inventory now asks for something else of {0}".format(old["layer"])] if differs else []


def _of_layer(host: str, old: Entry, new: Entry) -> List[str]:
    found = desired(old, new)
    if old["observed"] != new["observed"]:
        found.append("what {0} has of {1} has changed since the plan was made".format(host, old["layer"]))
    found += of_actions(old["layer"], old["actions"], new["actions"])
    if not found and (old["state"], old["after"]) != (new["state"], new["after"]):
        found.append("{0} was {1} and is now {2}".format(old["layer"], _stands(old), _stands(new)))
    return found


def _of_host(host: str, planned: Entry, now: Entry) -> List[str]:
    """What no layer tells."""
    asked = planned["desired"] != now["desired"]
    has = planned["observed"] != now["observed"]
    return [
        *(["the inventory now asks for something else of {0}".format(host)] if asked else []),
        *(["what {0} has has changed since the plan was made".format(host)] if has else []),
    ]


def of_actions(layer: str, listed: Sequence[Action], now: Sequence[Action]) -> List[str]:
    """The actions that are new, those that are missing, or that their order is another one."""
    if list(listed) == list(now):
        return []
    new, missing = less(now, listed), less(listed, now)
    found = ["{0} would now do what is not in the plan: {1}".format(layer, told(one)) for one in new]
    found += ["{0} would no longer do what is in the plan: {1}".format(layer, told(one)) for one in missing]
    return found or ["{0} would do the same in another order".format(layer)]


def less(actions: Sequence[Action], those: Sequence[Action]) -> List[Action]:
    """The actions without those, each of which takes away one."""
    away = Counter(map(canonical, those))
    left = []
    for one in actions:
        if away[canonical(one)]:
            away[canonical(one)] -= 1
        else:
            left.append(one)
    return left


def told(one: Action) -> str:
    """An action in words."""
    interrupts = " of ".join(filter(None, (disruption.kind(one), ", ".join(one["of"]))))
    shown = " ({0})".format(interrupts) if disruption.kind(one) != disruption.NONE else ""
    return "{0}{1}{2}".format(one["does"], shown, ", after {0}".format(one["after"]) if one["after"] else "")


def _stands(layer: Entry) -> str:
    state = {IN_ORDER: "in order", CHANGES: "to be changed"}.get(layer["state"], "not known")
    return "{0} after {1}".format(state, layer["after"]) if layer["after"] else state
