# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands between a host and what the inventory asks of it."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Sequence

from ..common import lines, quiesce
from ..common.errors import EdgesiteError
from ..driver import options, support
from ..gpu import settings
from ..gpu.nvml_errors import meaning_of_status
from ..jetson.jetpack_plan import Wanted, foresee
from ..mig import card as mig_card
from ..mig import plan

GARBLED = "What the host answered, or what the inventory says of it, cannot be judged ({0})"


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
        "The host cannot be reached: {0}".format(lines.in_one(why)),
        "Check power, network and SSH of the host; 'ansible {0} -m ansible.builtin.ping' shows the attempt".format(
            host
        ),
    )


def unread(host: str, why: str) -> Problem:
    """The host answered but could not be read."""
    return Problem(
        host, "facts", "The host could not be read: {0}".format(why), "Check Python and sudo of the login user"
    )


def garbled(host: str, error: str) -> Problem:
    """Values of a form that nothing here gives them."""
    fix = "Look at the types of the host's variables, and at what answers in place of Python on it"
    return Problem(host, "facts", GARBLED.format(error), fix)


def invalid(host: str, layer: str, errors: Sequence[str], fix: str) -> List[Problem]:
    """Options that do not have the form that their module takes."""
    return [Problem(host, layer, error, fix) for error in errors]


def of_nvml(host: str, info: Mapping[str, Any], wants_gpus: bool) -> List[Problem]:
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


def nvml_works(info: Mapping[str, Any]) -> bool:
    """Whether the host's GPUs could be read."""
    return _nvml_status(info) == "ok"


def _nvml_status(info: Mapping[str, Any]) -> str:
    return str((info.get("driver") or {}).get("nvml_status", "not read"))


def of_settings(host: str, wanted: Sequence[Dict[str, Any]], info: Mapping[str, Any]) -> List[Problem]:
    """What of the GPU settings the host's GPUs cannot have."""
    states = [settings.from_facts(facts) for facts in info.get("gpus", [])]
    return [_problem(host, "gpu", error) for error in settings.judge(wanted, states)[0]]


def of_mig(host: str, layouts: Any, info: Mapping[str, Any], disruption: str = "idle") -> List[Problem]:
    """What of the MIG layouts the host's GPUs cannot have now, by the catalogue's profiles."""
    cards = [mig_card.from_facts(facts) for facts in info.get("gpus", [])]
    if any(card.enabled is not None and not card.profiles for card in cards):
        # Only the driver knows the profiles of such a card: what is left to judge is which cards are named.
        layouts = _without_instances(layouts)
    errors = plan.judge(layouts, cards, plan.Policy(disruption), "mig_layouts").problems
    return [_problem(host, "mig", error) for error in errors]


def of_quiesce(host: str, units: Any) -> List[Problem]:
    """What of the units that are to stand still cannot be the name of one."""
    try:
        quiesce.checked(units, "mig_quiesce")
    except EdgesiteError as error:
        return [_problem(host, "mig", error)]
    return []


def of_driver(host: str, wanted: Mapping[str, Any], info: Mapping[str, Any]) -> List[Problem]:
    """What of the wanted driver the cards on the PCI bus cannot run. wanted: of the role's variables."""
    gpus = [
        support.Gpu(card["pci_bus_id"], card["device_id"], support.architecture(card["device_id"]))
        for card in info.get("accelerators", [])
        if card.get("vendor_id") == "10de"
    ]
    try:
        wish = options.options(wanted)
        flavour = support.choose(gpus, wish.flavour, int(wish.branch))
    except EdgesiteError as error:
        return [_problem(host, "driver", error)]
    found = support.unsupported(gpus, flavour, int(wish.branch))
    return [Problem(host, "driver", problem.reason, problem.fix) for problem in found]


def of_jetson(host: str, wanted: Wanted, power_mode: str, info: Mapping[str, Any]) -> List[Problem]:
    """What of a JetPack and a power mode the host cannot have."""
    return [_problem(host, "jetpack", error) for error in foresee(wanted, power_mode, info.get("jetson"))]


def _without_instances(layouts: Any) -> Any:
    if not isinstance(layouts, list):
        return layouts
    return [
        {key: value for key, value in layout.items() if key != "instances"} if isinstance(layout, dict) else layout
        for layout in layouts
    ]


def by_host(problems: Sequence[Problem]) -> List[str]:
    """The problems as lines for people."""
    told = ["{0} problem{1}:".format(len(problems), "" if len(problems) == 1 else "s")]
    for problem in sorted(problems):
        told.append("{0}: [{1}] {2}".format(problem.host, problem.layer, lines.in_one(problem.problem)))
        told.append("    fix: {0}".format(lines.in_one(problem.fix)))
    return told


def _problem(host: str, layer: str, error: EdgesiteError) -> Problem:
    return Problem(host, layer, error.problem, error.fix)
