# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layers of a site, each once, in the order in which a host gets them."""

from __future__ import annotations

from typing import Any, Callable, List, Mapping, NamedTuple, Tuple

from ..gpu.settings_spec import SETTINGS
from ..jetson.jetpack_plan import Wanted
from . import preflight
from .preflight import Problem

# The host's name, its variables, and what the role facts registered of it
Judgement = Callable[[str, Mapping[str, Any], Mapping[str, Any]], List[Problem]]


class Judge(NamedTuple):
    """What preflight says of variables, where one of them is given.

    spec: what they have to look like, as Ansible checks options; problems is then given them alone, in that form.
    module: whose options these are.
    """

    variables: Tuple[str, ...]
    problems: Judgement
    spec: Mapping[str, Any] = {}
    module: str = ""


class Layer(NamedTuple):
    """One layer. name: its own, and that of its role (edgesite.gpu.NAME), its tag and its result (NAME_result).

    variables: a host may have the layer where it is given one of them. after: the layers whose work it builds on.
    """

    name: str
    variables: Tuple[str, ...]
    after: Tuple[str, ...] = ()
    judges: Tuple[Judge, ...] = ()


def called(variables: Mapping[str, Any]) -> List[Layer]:
    """The layers that these variables of a host call for."""
    return [layer for layer in LAYERS if any(name in variables for name in layer.variables)]


def need_nvml(variables: Mapping[str, Any]) -> bool:
    """Whether a host's layers need a driver that works already, and not one that the run would install."""
    named = called(variables)
    return any("driver" in layer.after for layer in named) and not any(layer.name == "driver" for layer in named)


def _driver(host: str, variables: Mapping[str, Any], info: Mapping[str, Any]) -> List[Problem]:
    names = ("branch", "version", "flavour", "mirror", "distribution_url", "extra_packages")
    wanted = {name: variables["driver_" + name] for name in names if "driver_" + name in variables}
    return preflight.of_driver(host, wanted, info)


def _jetpack(host: str, variables: Mapping[str, Any], info: Mapping[str, Any]) -> List[Problem]:
    def word(name: str) -> str:
        return str(variables.get("jetpack_" + name) or "")

    wanted = Wanted(
        version=word("version"),
        suite=word("suite"),
        upgrade=word("upgrade") or "none",
        mirror=word("mirror"),
        packages=variables.get("jetpack_packages") or (),
    )
    return preflight.of_jetson(host, wanted, word("power_mode"), info)


def _gpu(host: str, variables: Mapping[str, Any], info: Mapping[str, Any]) -> List[Problem]:
    # Without GPUs there is nothing to judge the values by; of_nvml tells the reason.
    return preflight.of_settings(host, variables["gpu_settings"], info) if preflight.nvml_works(info) else []


def _mig(host: str, variables: Mapping[str, Any], info: Mapping[str, Any]) -> List[Problem]:
    if not preflight.nvml_works(info):
        return []
    return preflight.of_mig(host, variables["mig_layouts"], info, variables.get("mig_disruption", "idle"))


def _quiesce(host: str, variables: Mapping[str, Any], _info: Mapping[str, Any]) -> List[Problem]:
    return preflight.of_quiesce(host, variables["mig_quiesce"])


LAYERS = (
    Layer(
        "driver",
        ("driver_branch", "driver_version"),
        judges=(Judge(("driver_branch", "driver_version"), _driver),),
    ),
    Layer(
        "jetpack",
        (
            "jetpack_version",
            "jetpack_suite",
            "jetpack_packages",
            "jetpack_hold",
            "jetpack_mirror",
            "jetpack_power_mode",
            "jetpack_clocks",
            "jetpack_fan_profile",
        ),
        judges=(
            Judge(
                ("jetpack_version", "jetpack_suite", "jetpack_power_mode", "jetpack_mirror", "jetpack_packages"),
                _jetpack,
            ),
        ),
    ),
    Layer(
        "gpu",
        ("gpu_settings",),
        after=("driver",),
        judges=(Judge(("gpu_settings",), _gpu, {"gpu_settings": SETTINGS}, "gpu_settings"),),
    ),
    # A card's reset takes its settings; their boot unit sets them again after it.
    Layer(
        "mig",
        ("mig_layouts", "mig_from_file"),
        after=("driver", "gpu"),
        judges=(Judge(("mig_layouts",), _mig), Judge(("mig_quiesce",), _quiesce)),
    ),
    Layer("storage", ("storage_volumes",)),
    # Services put their data on the volumes, and start when these are there.
    Layer("identity", ("identity_ca_dir",), after=("storage",)),
    Layer("tls", ("tls_services", "tls_proxies"), after=("storage", "identity")),
)
