# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run found and changed on each host, from the results that the layers' roles registered."""

from __future__ import annotations

from collections import Counter
from typing import Any, Collection, Dict, List, Mapping, Sequence

from ..common import lines
from . import layers, leftover, problem

# Each layer's role registers <layer>_result, and the playbook site this, which has the results of all layers.
HOST = "edgesite_result"
LAYERS = tuple(layer.name for layer in layers.LAYERS)
# Something is there that the inventory does not ask for.
_LEFT = "left over"
# In place of a layer's name
_WHOLE = "the host"
# Of a host whose answers have no meaning


def row(host: str, variables: Mapping[str, Any]) -> Dict[str, Any]:
    """What happened on one host.

    status: done, failed, unreachable, or not_reached (the run ended before this host had its turn).
    layers: by name, the actions, whether they changed anything, whether the layer failed, and what is left of earlier
    wishes; a layer that the host does not have is not there. left: layers that the host has, and its inventory has not.
    gpus: what was wrong with some before the run.
    """
    results = _results(variables)
    ran = {layer: result for layer, result in results.items() if result and not result.get("skipped")}
    failed = {layer: result for layer, result in ran.items() if result.get("failed") or result.get("unreachable")}
    facts = ran.get("facts", {})
    return {
        "host": host,
        "status": _status(ran, failed),
        "why": "; ".join(_why(host, layer, result) for layer, result in failed.items()),
        "found": found(facts) if facts and "facts" not in failed else "not read",
        "layers": {layer: _layer(ran[layer], layer in failed) for layer in LAYERS if layer in ran},
        "left": leftover.left(facts, (variables.get(HOST) or {}).get("called")),
        "reboot_required": any(bool(result.get("reboot_required")) for result in ran.values()),
        "gpus": _wrong_gpus(facts),
    }


def _results(variables: Mapping[str, Any]) -> Dict[str, Any]:
    """By layer, from a run of the site or of roles; what failed before any layer is the host's.

    A host's task in the playbook does not fail; its msg says what did, and a later task fails with that.
    """
    of_roles = {layer: variables.get(layer + "_result") for layer in ("facts",) + LAYERS}
    whole = variables.get(HOST) or {}
    layers_of_site = whole.get("layers") or {}
    own = {_WHOLE: whole and {**whole, "failed": "msg" in whole}} if not layers_of_site else {}
    return {**own, **of_roles, **layers_of_site, **({"facts": whole["facts"]} if whole.get("facts") else {})}


def _layer(result: Mapping[str, Any], failed: bool) -> Dict[str, Any]:
    return {
        "changed": bool(result.get("changed")),
        "failed": failed,
        "actions": [lines.in_one(str(action["does"])) for action in result.get("actions", [])],
        "left_behind": [stays(entry) for entry in result.get("left_behind", [])],
    }


def _wrong_gpus(facts: Mapping[str, Any]) -> List[str]:
    entries = [entry for entry in facts.get("unread", []) if entry["what"].startswith("gpu ")]
    return ["{0}. {1}".format(lines.in_one(entry["why"]), lines.in_one(entry["fix"])) for entry in entries]


def stays(entry: Mapping[str, Any]) -> str:
    """What could not be set back on a GPU, for people."""
    value = str(entry["value"])
    known = {**entry, "value": value.lower() if entry["value"] in (True, False) else value}
    return lines.in_one("{setting} of GPU {uuid} stays {value}, as {why}: {by_hand}".format(**known))


def garbled_row(host: str) -> Dict[str, Any]:
    """The row of a host whose answers have no meaning."""
    why = problem.sentences(problem.garbled(host))
    known = {"host": host, "status": "failed", "why": why, "found": "not read"}
    return {**known, "layers": {}, "left": [], "reboot_required": False, "gpus": []}


def _status(ran: Mapping[str, Any], failed: Collection[str]) -> str:
    if any(result.get("unreachable") for result in ran.values()):
        return "unreachable"
    if failed:
        return "failed"
    return "done" if ran else "not_reached"


def _why(host: str, layer: str, result: Mapping[str, Any]) -> str:
    message = str(result.get("msg", "no message")).strip()
    if result.get("unreachable"):
        return problem.sentences(problem.unreachable(host, message))
    return message if layer == _WHOLE else "{0}: {1}".format(layer, message)


def found(facts: Mapping[str, Any]) -> str:
    """A host's hardware in a few words."""
    gpus = Counter(gpu["name"].replace("NVIDIA ", "") for gpu in facts.get("gpus", []))
    parts = ["{0}x {1}".format(count, name) for name, count in sorted(gpus.items())]
    jetson = facts.get("jetson")
    if jetson:
        parts.append(str(jetson.get("model") or "Jetson"))
    others = Counter(
        card["name"] for card in facts.get("accelerators", []) if card.get("vendor_id") != "10de" and card.get("name")
    )
    parts += ["{0}x {1}".format(count, name) for name, count in sorted(others.items())]
    if facts.get("tpm"):
        parts.append("TPM")
    return ", ".join(parts) or "no accelerator"


def table(rows: Sequence[Mapping[str, Any]], check: bool = False) -> List[str]:
    """The rows as lines for people. check: the changes would be made, and were not."""
    cells = [["host", "status", "found"] + list(LAYERS)]
    for entry in rows:
        cells.append([entry["host"], entry["status"], entry["found"]] + [layer_cell(entry, layer) for layer in LAYERS])
    told = columns(cells)
    if check:
        told.append("Check mode: these changes would be made; nothing was changed.")
    for entry in rows:
        if entry["status"] != "done":
            why = lines.in_one(entry["why"]) or "see the run above"
            told.append("{0} did not converge: {1}".format(entry["host"], why))
        told += ["{0} before this run: {1}".format(entry["host"], wrong) for wrong in entry["gpus"]]
        if entry["reboot_required"]:
            told.append("{0} needs a reboot (edgesite_allow_reboot: true lets the run do it)".format(entry["host"]))
        told += [
            "{0}: {1}".format(entry["host"], left) for one in entry["layers"].values() for left in one["left_behind"]
        ]
    return told + _left(rows)


def _left(rows: Sequence[Mapping[str, Any]]) -> List[str]:
    """The layers that have left the inventory, each once."""
    hosts = {layer: [entry["host"] for entry in rows if layer in entry["left"]] for layer in LAYERS}
    return [leftover.told(layer, named) for layer, named in hosts.items() if named]


def layer_cell(entry: Mapping[str, Any], layer: str) -> str:
    """What a layer changed on a host, in a word or two."""
    result = entry["layers"].get(layer)
    if result is None:
        return _LEFT if layer in entry["left"] else "-"
    if result["failed"]:
        return "failed"
    count = len(result["actions"])
    changes = "{0} change{1}".format(count, "" if count == 1 else "s") if result["changed"] else ""
    left = _LEFT if result["left_behind"] else ""
    return ", ".join(filter(None, (changes, left))) or "as wanted"


def columns(cells: Sequence[Sequence[str]]) -> List[str]:
    """Lines with the cells in columns."""
    cells = [[lines.in_one(cell) for cell in line] for line in cells]
    widths = [max(len(line[place]) for line in cells) for place in range(len(cells[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in cells]
