# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan has for one host, done stage by stage; after each of them the host has to be as the plan expects."""

from __future__ import annotations

from typing import Any, Callable, Dict, Mapping, Sequence

from ..common.errors import EdgesiteError
from . import plan_stage
from .plan_stage import Stage

Result = Dict[str, Any]


def run(
    stage: Stage,
    told: Mapping[str, Result],
    layer: Callable[[str], Result],
    look: Callable[[], Mapping[str, Any]],
    refused: Callable[[Sequence[str]], EdgesiteError],
) -> Dict[str, Result]:
    """Results by layer. stage: the first. told: what each layer said in the look before it, which is their result
    where nothing is to be done. layer: runs one. look: looks again. refused: says why it cannot go on.
    """
    results = {name: {**result, "changed": False, "actions": []} for name, result in told.items()}
    while stage.now:
        done = _done(stage, layer)
        results.update({name: _joined(results[name], result) for name, result in done.items()})
        if any(map(_broke, done.values())):
            return results
        did = {name: result.get("actions") or [] for name, result in done.items()}
        unlisted = [told for name, actions in did.items() for told in plan_stage.unlisted(stage.left, name, actions)]
        if unlisted:
            results["plan"] = _stopped(unlisted, refused)
            return results
        if not any(did.values()):
            # It would be asked for the same for ever.
            results["plan"] = _stopped(["{0} did nothing of what it has to do".format(name) for name in did], refused)
            return results
        stage = plan_stage.next_stage(stage.left, look(), did)
    if stage.differs or stage.later:
        results["plan"] = _stopped(stage.differs or ["{0} still waits".format(one) for one in stage.later], refused)
    return results


def _done(stage: Stage, layer: Callable[[str], Result]) -> Dict[str, Result]:
    """Results of the layers, up to the first one that breaks off, or does what is not in the plan."""
    done: Dict[str, Result] = {}
    for name in stage.now:
        done[name] = layer(name)
        if _broke(done[name]) or plan_stage.unlisted(stage.left, name, done[name].get("actions") or []):
            break
    return done


def _broke(result: Result) -> bool:
    return bool(result.get("failed") or result.get("unreachable"))


def _joined(before: Result, after: Result) -> Result:
    """A layer may be run in several stages."""
    return {
        **after,
        "changed": bool(before["changed"] or after.get("changed")),
        "actions": [*before["actions"], *(after.get("actions") or [])],
    }


def _stopped(why: Sequence[str], refused: Callable[[Sequence[str]], EdgesiteError]) -> Result:
    return {"failed": True, "changed": False, "actions": [], "msg": str(refused(why))}
