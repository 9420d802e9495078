# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands between a host and what the inventory asks of it."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Sequence

from . import settings
from .errors import EdgesiteError
from .nvml_errors import meaning_of_status
from .selectors import GpuId, resolve


class Problem(NamedTuple):
    """One thing to mend before the site can converge."""

    host: str
    layer: str
    problem: str
    fix: str


def unreachable(host: str, why: str) -> Problem:
    """The host did not answer."""
    return Problem(
        host,
        "connection",
        "The host cannot be reached: {0}".format(" ".join(why.split())),
        "Check power, network and SSH of the host; 'ansible {0} -m ansible.builtin.ping' shows the attempt".format(
            host
        ),
    )


def unread(host: str, why: str) -> Problem:
    """The host answered but could not be read."""
    return Problem(
        host, "facts", "The host could not be read: {0}".format(why), "Check Python and sudo of the login user"
    )


def invalid(host: str, layer: str, errors: Sequence[str], fix: str) -> List[Problem]:
    """Options that do not have the form that their module takes."""
    return [Problem(host, layer, error, fix) for error in errors]


def of_nvml(host: str, info: Dict[str, Any], wants_gpus: bool) -> List[Problem]:
    """GPUs that are lost, and what keeps NVML from working where the inventory wants something of GPUs."""
    found = [
        Problem(host, "driver", "{0}: {1}".format(entry["what"], entry["why"]), entry["fix"])
        for entry in info.get("unread", [])
        if entry["what"].startswith("gpu ")
    ]
    if wants_gpus and not nvml_works(info):
        known = meaning_of_status(_nvml_status(info))
        found.append(Problem(host, "driver", known.problem, known.fix))
    return found


def nvml_works(info: Dict[str, Any]) -> bool:
    """Whether the host's GPUs could be read."""
    return _nvml_status(info) == "ok"


def _nvml_status(info: Dict[str, Any]) -> str:
    return str((info.get("driver") or {}).get("nvml_status", "not read"))


def of_settings(host: str, wanted: Sequence[Dict[str, Any]], info: Dict[str, Any]) -> List[Problem]:
    """What of the GPU settings the host's GPUs cannot have."""
    states = [settings.from_facts(facts) for facts in info.get("gpus", [])]
    return [_problem(host, "gpu", error) for error in settings.judge(wanted, states)[0]]


def of_mig(host: str, layouts: Any, info: Dict[str, Any]) -> List[Problem]:
    """Which of the GPUs that MIG is asked of cannot do MIG. The layouts themselves are the planner's to judge."""
    if not isinstance(layouts, list) or not all(isinstance(entry, dict) and "gpus" in entry for entry in layouts):
        return [Problem(host, "mig", "mig_layouts is not a list", "Give a list of dictionaries with gpus")]
    facts = {gpu["index"]: gpu for gpu in info.get("gpus", [])}
    ids = [GpuId(gpu["index"], gpu["uuid"], gpu["pci_bus_id"], gpu["name"]) for gpu in facts.values()]
    found = []
    for position, entry in enumerate(layouts):
        if entry.get("mig", "enabled") != "enabled":
            continue
        option = "mig_layouts[{0}].gpus".format(position)
        try:
            named = resolve(option, entry["gpus"], ids)
        except EdgesiteError as error:
            found.append(_problem(host, "mig", error))
            continue
        for gpu in named:
            if facts[gpu.index]["mig"] is None:
                found.append(
                    Problem(
                        host,
                        "mig",
                        "{0} asks for MIG on GPU {1}, which does not have MIG".format(option, gpu.label()),
                        "Name only GPUs with MIG (A30, A100, H100, H200, B200 and the like), by model or uuid",
                    )
                )
    return found


def by_host(problems: Sequence[Problem]) -> List[str]:
    """The problems as lines for people."""
    lines = ["{0} problem{1}:".format(len(problems), "" if len(problems) == 1 else "s")]
    for problem in sorted(problems):
        lines.append("{0}: [{1}] {2}".format(problem.host, problem.layer, problem.problem))
        lines.append("    fix: {0}".format(problem.fix))
    return lines


def _problem(host: str, layer: str, error: EdgesiteError) -> Problem:
    return Problem(host, layer, error.problem, error.fix)
