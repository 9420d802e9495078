# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run does on one host, by its plan: which layers it runs, and which it leaves since others failed."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Sequence

from ..common import lines
from . import layers
from .plan_shape import IN_ORDER, PROBLEM

Result = Dict[str, Any]


def run(
    entries: Sequence[Mapping[str, Any]], told: Mapping[str, Result], layer: Callable[[str], Result]
) -> Dict[str, Result]:
    """Results by layer. entries: of the plan, in order. told: what each said in the look. layer: runs one of them.

    A layer is run where something is to be done, or where one that it builds on has just changed; not where one of
    those failed. Others go on.
    """
    done: Dict[str, Result] = {}
    for entry in entries:
        name = entry["layer"]
        before = {other: one for other, one in done.items() if other in layers.foundations(name)}
        failed = [other for other, one in before.items() if one.get("failed")]
        if failed:
            done[name] = _left(name, failed)
        else:
            done[name] = layer(name) if _is_run(entry, before) else dict(told[name])
        if done[name].get("unreachable"):
            break
    return done


def _is_run(entry: Mapping[str, Any], before: Mapping[str, Result]) -> bool:
    if entry["state"] == IN_ORDER:
        return _any(before, "changed")
    return bool(entry["state"] != PROBLEM)


def _left(name: str, failed: Sequence[str]) -> Result:
    why = "{0} was left as it is, since {1} failed, which it builds on. Correct that, and run again.".format(
        name, " and ".join(failed)
    )
    return {"failed": True, "left": True, "changed": False, "actions": [], "msg": why}


def result(done: Mapping[str, Result]) -> Result:
    """The result of a host's task."""
    failed = {name: one for name, one in done.items() if one.get("failed") or one.get("unreachable")}
    why = ["{0}: {1}".format(name, str(one.get("msg", "no message")).strip()) for name, one in failed.items()]
    if_any = {"msg": " ".join(why), "unreachable": _any(done, "unreachable"), "warnings": _warnings(done)}
    return {
        "changed": _any(done, "changed"),
        "failed": _any(done, "failed"),
        "layers": dict(done),
        "diff": _diffs(done),
        "reboot_required": _any(done, "reboot_required"),
        **{name: value for name, value in if_any.items() if value},
    }


def _any(done: Mapping[str, Result], key: str) -> bool:
    return any(bool(one.get(key)) for one in done.values())


def _warnings(done: Mapping[str, Result]) -> List[str]:
    """What Ansible would show of each layer's own task; some of what it notes itself is no text."""
    found = ((name, one.get("warnings")) for name, one in done.items())
    return [
        "{0}: {1}".format(name, lines.in_one(text))
        for name, texts in found
        for text in (texts if isinstance(texts, list) else ())
        if isinstance(text, str)
    ]


def _diffs(done: Mapping[str, Result]) -> List[Result]:
    return [
        {"before": one["before"], "after": one["after"], "before_header": name, "after_header": name}
        for name, one in done.items()
        if one.get("changed") and "before" in one and "after" in one
    ]
