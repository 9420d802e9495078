# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host cannot have of what the inventory asks for, by gpu_info's facts of it. Each takes checked variables."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Sequence

from ..common.errors import EdgesiteError
from ..driver import support
from ..gpu import selectors, settings
from ..gpu.nvml_errors import meaning_of_status
from ..jetson.jetpack_plan import Wanted, foresee
from ..mig import card as mig_card
from ..mig import plan, ready, source

Variables = Mapping[str, Any]

# What calls for the layer jetpack
JETPACK = (
    "jetpack_version",
    "jetpack_suite",
    "jetpack_packages",
    "jetpack_hold",
    "jetpack_mirror",
    "jetpack_power_mode",
    "jetpack_power_modes",
    "jetpack_clocks",
    "jetpack_fan_profile",
    "jetpack_fan_curves",
)
# What a Jetson gets beside what its board has
JETPACK_OWN = ("jetpack_power_modes", "jetpack_fan_curves")


def of_nvml(info: Variables, wants_gpus: bool) -> List[EdgesiteError]:
    """GPUs that are lost, and what keeps NVML from working where the inventory wants something of GPUs."""
    found = [
        EdgesiteError("{0}: {1}".format(entry["what"], entry["why"]), entry["fix"])
        for entry in info.get("unread", [])
        if entry["what"].startswith("gpu ")
    ]
    if wants_gpus and not nvml_works(info) and not info.get("jetson"):
        known = meaning_of_status(_nvml_status(info))
        found.append(EdgesiteError(known.problem, known.fix))
    return found


def nvml_works(info: Variables) -> bool:
    """Whether the host's GPUs could be read."""
    return _nvml_status(info) == "ok"


def _nvml_status(info: Variables) -> str:
    return str((info.get("driver") or {}).get("nvml_status", "not read"))


def of_driver(variables: Variables, info: Variables) -> List[EdgesiteError]:
    """What of the wanted driver the cards on the PCI bus cannot run."""
    if info.get("jetson"):
        return [_on_jetson("driver_branch or driver_version", "jetpack_version, which brings the driver")]
    gpus = [
        support.Gpu(card["pci_bus_id"], card["device_id"], support.architecture(card["device_id"]))
        for card in info.get("accelerators", [])
        if card.get("vendor_id") == "10de"
    ]
    branch = int(str(variables.get("driver_version") or variables["driver_branch"]).partition(".")[0])
    try:
        flavour = support.choose(gpus, variables.get("driver_flavour") or support.AUTO, branch)
    except EdgesiteError as error:
        return [error]
    return [EdgesiteError(one.reason, one.fix) for one in support.unsupported(gpus, flavour, branch)]


def of_jetpack(variables: Variables, info: Variables) -> List[EdgesiteError]:
    """What of a JetPack, a power mode and the like the host cannot have."""
    given = [name for name in JETPACK if variables.get(name)]
    if not given:
        return []
    if not info.get("jetson"):
        return [
            EdgesiteError(
                "{0} set, and this host is not a Jetson".format(_are(given)),
                "Set it only for Jetsons, such as in the variables of a group of them",
            )
        ]
    mode, profile = (str(variables.get(name) or "") for name in ("jetpack_power_mode", "jetpack_fan_profile"))
    own = [str(entry["name"]) for name in JETPACK_OWN for entry in variables.get(name) or ()]
    bases = [str(entry["base"]) for entry in variables.get("jetpack_power_modes") or ()]
    return foresee(jetpack(variables), mode, profile, info["jetson"], own, bases)


def jetpack(variables: Variables) -> Wanted:
    """The JetPack that the variables ask for."""
    return Wanted(
        version=str(variables.get("jetpack_version") or ""),
        suite=str(variables.get("jetpack_suite") or ""),
        packages=tuple(variables.get("jetpack_packages") or ()),
        upgrade=str(variables.get("jetpack_upgrade") or "none"),
        mirror=str(variables.get("jetpack_mirror") or ""),
    )


def of_gpu(variables: Variables, info: Variables) -> List[EdgesiteError]:
    """What of the GPU settings the host's GPUs cannot have."""
    if info.get("jetson"):
        return [_on_jetson("gpu_settings", "jetpack_power_mode, jetpack_clocks and jetpack_fan_profile")]
    if not nvml_works(info):
        # Without GPUs there is nothing to judge the values by; of_nvml tells the reason.
        return []
    states = [settings.from_facts(facts) for facts in info.get("gpus", [])]
    return settings.judge(variables["gpu_settings"], states, "gpu_settings")[0]


def of_mig(variables: Variables, info: Variables) -> List[EdgesiteError]:
    """What of the MIG layouts the host's GPUs cannot have now, by the catalogue's profiles."""
    if info.get("jetson"):
        return [_on_jetson("mig_layouts, mig_from_file or mig_config", "none of these: its GPU has no MIG")]
    if not nvml_works(info):
        return []
    driver = (info.get("driver") or {}).get("version") or ""
    cards = [mig_card.from_facts(facts, driver) for facts in info.get("gpus", [])]
    try:
        layouts = _mig_layouts(variables, cards)
    except EdgesiteError as error:
        return [error]
    if layouts is None:
        return []
    # Only the driver knows the profiles of such a card: what is left to judge is its mode.
    unknown = [card.gpu.index for card in cards if card.enabled is not None and not card.profiles]
    policy = plan.Policy(variables.get("mig_disruption") or "idle")
    option = (
        "mig_layouts" if variables.get("mig_layouts") is not None else source.called(variables["mig_config"], False)
    )
    return plan.judge(layouts, cards, policy, option, unknown).problems


def _mig_layouts(variables: Variables, cards: Sequence[mig_card.Card]) -> Any:
    """None where they are in a file, which the controller has, or where only the driver knows what a card offers."""
    name = variables.get("mig_config")
    if not name or variables.get("mig_layouts") is not None or variables.get("mig_from_file"):
        return variables.get("mig_layouts")
    known = all(card.enabled is None or card.profiles for card in cards)
    return ready.layouts(name, cards, "mig_config") if known else None


def _are(names: Sequence[str]) -> str:
    return "{0} {1}".format(" and ".join(names), "is" if len(names) == 1 else "are")


def of_tpm(*names: str) -> Callable[[Variables, Variables], List[EdgesiteError]]:
    """What a layer that works with the TPM lacks on a host. names: of the variables that ask for something of it."""

    def judge(variables: Variables, info: Variables) -> List[EdgesiteError]:
        given = [name for name in names if variables.get(name)]
        tpm = info.get("tpm")
        if not given or tpm and tpm.get("version") != "1.2":
            return []
        return [
            EdgesiteError(
                "{0} set, and this host has {1}".format(_are(given), "a TPM 1.2, not 2.0" if tpm else "no TPM"),
                "Enable a TPM 2.0 in the firmware (it may be called fTPM or PTT), or set the variable only for hosts "
                "that have one",
            )
        ]

    return judge


def unmatched_models(wanted: Mapping[str, Any], names: Sequence[str]) -> List[str]:
    """The models that selectors of a host's variables name. names: of all GPUs that were found on the site."""
    entries = [entry for variable in ("gpu_settings", "mig_layouts") for entry in wanted.get(variable) or []]
    found: Dict[str, None] = {}
    for entry in entries:
        for model in selectors.models(entry["gpus"]):
            if not any(selectors.model_matches(model, name) for name in names):
                found[model] = None
    return list(found)


def _on_jetson(variables: str, instead: str) -> EdgesiteError:
    return EdgesiteError(
        "{0} is set, and this host is a Jetson, which has no such card".format(variables),
        "Use {0}, and set it only for hosts with cards".format(instead),
    )
