# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what a host answers has the form that modules of this collection give it: a host can say anything."""

from __future__ import annotations

from typing import Any, Dict

from ..common.errors import EdgesiteError
from . import plan_file, plan_shape

_WHOLE: Dict[str, Any] = {"facts": {}, "layers": {}}
# A layer has some KiB. What one host says must leave room for the others in the plan's file.
_MOST = 1024 * 1024
# Of a layer, that which it may leave out
_LAYER: Dict[str, Any] = {
    "failed": bool,
    "changed": bool,
    "msg": str,
    "actions": [plan_shape.ACTION],
    "before": {},
    "after": {},
    "diff": {},
    "reboot_required": bool,
}


def check(host: str, answer: Any) -> None:
    """Raises where the answer of host_plan cannot be gone by. Its layers are judged each by itself."""
    flaw = plan_shape.flaw(answer, _WHOLE, others=True) or _of_facts(answer["facts"])
    if flaw:
        raise nonsense(host, flaw)


def layer(host: str, name: str, result: Any) -> Dict[str, Any]:
    """What a layer's module said; a failure of its own where that has no sense, so that the others go on."""
    flaw = _of_layer(result)
    return {"failed": True, "msg": str(nonsense(host, "{0}: {1}".format(name, flaw)))} if flaw else result


def nonsense(host: str, flaw: str) -> EdgesiteError:
    """The error for an answer that is none of ours."""
    return EdgesiteError(
        "The answer of {0} makes no sense ({1})".format(host, flaw),
        "Run 'ansible {0} -m ansible.builtin.ping -vvv' to see what answers in place of Python there".format(host),
    )


def _of_facts(facts: Any) -> str:
    """What goes by the facts copes with others of them."""
    return "" if facts.get("layers") is None else plan_shape.flaw(facts["layers"], [str], "facts.layers")


def _of_layer(result: Any) -> str:
    if not isinstance(result, dict):
        return "no answer" if result is None else plan_shape.flaw(result, {})
    filled = _filled(result)
    shape = {name: form for name, form in _LAYER.items() if name in result}
    return plan_shape.flaw(filled, shape, others=True) or _of_values(result)


def _filled(result: Dict[str, Any]) -> Dict[str, Any]:
    """With what actions may leave out."""
    actions = result.get("actions")
    if not isinstance(actions, list):
        return result
    return {**result, "actions": [{**plan_file.QUIET, **one} if isinstance(one, dict) else one for one in actions]}


def _of_values(result: Dict[str, Any]) -> str:
    """Numbers that are none, and halves of characters, pass through JSON, and a host may say no end of things."""
    try:
        size = len(plan_file.canonical(result))
    except ValueError:
        return "it has a number that is not finite, or text that is not Unicode"
    return "it has more than {0} KiB".format(_MOST // 1024) if size > _MOST else ""
