# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's plan, from what its layers said in one look at it. playbooks and the plan file have it in this form."""

from __future__ import annotations

from typing import Any, Collection, Dict, List, Mapping, Optional, Sequence

from .. import outcome
from ..common import lines
from ..common.errors import EdgesiteError
from . import expected, layers, leftover, problem
from .plan_file import as_sent, digest, garbled
from .plan_shape import CHANGES, IN_ORDER, PROBLEM, UNKNOWN
from .problem import Problem

# of layers that are going to change, or may
_PENDING = (CHANGES, UNKNOWN)
_DRIVER = "driver"
_NOTHING: Mapping[str, Mapping[str, Any]] = {}
# What a layer's module tells of its plan, besides what all have
_MORE = ("left_behind", "created", "kept", "destroyed", "need")


def entry(layer: str, result: Mapping[str, Any], desired: str) -> Dict[str, Any]:
    """A layer in a plan. result: what its module said in check mode. desired: digest of what was asked of it."""
    failed = bool(result.get("failed"))
    actions = [] if failed else [_action(action) for action in result.get("actions") or ()]
    return {
        "layer": layer,
        "state": PROBLEM if failed else CHANGES if actions else IN_ORDER,
        "after": "",
        "problem": lines.in_one(str(result.get("msg", "no message"))) if failed else "",
        "fix": "",
        "problems": outcome.listed(problems(result)) if failed else [],
        "actions": actions,
        "before": result.get("before") or {},
        "after_state": result.get("after") or {},
        "reboot_required": bool(result.get("reboot_required")),
        "observed": digest(result.get("before") or {}),
        "desired": desired,
        **{name: result[name] for name in _MORE if result.get(name)},
    }


def problems(result: Mapping[str, Any]) -> List[EdgesiteError]:
    """What a module that failed tells of, one by one, whatever a host has put there."""
    listed = result.get("problems")
    each = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    found = [EdgesiteError(str(one.get("problem", "")), str(one.get("fix", ""))) for one in each]
    return [one for one in found if one.problem] or [EdgesiteError(str(result.get("msg", "no message")))]


def _action(action: Mapping[str, Any]) -> Dict[str, Any]:
    return {**action, "does": lines.in_one(str(action["does"]))}


def plan(
    entries: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Any],
    called: Collection[str],
    refused: Collection[str] = (),
    asked: Mapping[str, Mapping[str, Any]] = _NOTHING,
) -> Dict[str, Any]:
    """The plan of a host. entries: of its layers. called: names of the layers that its variables call for.

    refused: of these, those that are wrong whatever the host is like. asked: by layer, the options of its module,
    completed; they say what is expected where that cannot be seen yet.
    """
    staged: List[Dict[str, Any]] = []
    for one in entries:
        judged = dict(one) if one["layer"] in refused else _staged(one, staged)
        staged.append(_expecting(judged, facts, asked))
    return {
        "facts": dict(facts),
        "layers": staged,
        "left": leftover.left(facts, called),
        "observed": digest([one["observed"] for one in staged]),
        "desired": digest([one["desired"] for one in staged]),
    }


def _staged(one: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]]) -> Dict[str, Any]:
    """A layer that cannot be judged yet, since one that it builds on has to change first, has no problem of its own."""
    before = layers.judged_after(one["layer"])
    waits = [other["layer"] for other in earlier if other["layer"] in before and other["state"] in _PENDING]
    if one["state"] != PROBLEM or not waits:
        return dict(one)
    return {**one, "state": UNKNOWN, "after": waits[-1]}


def of_run(host: str, result: Any) -> List[Dict[str, Any]]:
    """The look at a host, if it had one. A run of the site in check mode has it as a part of its result."""
    known = result if isinstance(result, Mapping) else {}
    if known.get("skipped"):
        return []
    look = of_result(host, known.get("plan") or result)
    nonsense = look["status"] == "read" and garbled(look)
    return [_unread(host, "failed", problem.garbled(host)) if nonsense else look]


def of_result(host: str, result: Any) -> Dict[str, Any]:
    """The look at a host, by what its task ended with, whatever that is."""
    why = silence(host, result)
    if why:
        status = "unreachable" if why.layer == problem.SILENT[0] else "failed"
        return _unread(host, status, why)
    look: Dict[str, Any] = as_sent({**result, "host": host, "status": "read"})
    return look


def _expecting(one: Dict[str, Any], facts: Mapping[str, Any], asked: Mapping[str, Mapping[str, Any]]) -> Dict[str, Any]:
    """A layer that waits for the driver, with what it will probably do: a plan file keeps none of it."""
    if one["after"] != _DRIVER or one["layer"] not in asked:
        return one
    return {**one, "expected": expected.actions(one["layer"], asked[one["layer"]], facts)}


def silence(host: str, result: Any) -> Optional[Problem]:
    """Why there is no look at a host; None where there is one."""
    known = result if isinstance(result, Mapping) else {}
    if known.get("unreachable"):
        return problem.unreachable(host, str(known.get("msg", "")))
    if known.get("failed") or "layers" not in known:
        told = problems({"msg": "it gave no answer", **known})
        only = told[0] if len(told) == 1 else EdgesiteError(str(known.get("msg")))
        return problem.unread(host, lines.in_one(only.problem), lines.in_one(only.fix))
    return None


def _unread(host: str, status: str, why: Problem) -> Dict[str, Any]:
    told = problem.sentences(why)
    return {"host": host, "status": status, "why": told, "layers": [], "left": [], "observed": "", "desired": ""}
