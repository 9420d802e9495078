# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layers of a site, each once, in the order in which a host gets them."""

from __future__ import annotations

from typing import Any, Callable, List, Mapping, NamedTuple, Optional, Set, Tuple

from ..common.errors import EdgesiteError
from ..gpu.spec import SETTINGS
from ..jetson.spec import CURVES, MODES
from ..mig.spec import LAYOUTS as MIG_LAYOUTS
from ..storage.spec import VOLUMES
from ..tls.spec import PROXIES, SERVICES
from . import preflight

# What a host cannot have, by its variables, whose forms were found good, and by gpu_info's facts of it
Judge = Callable[[Mapping[str, Any], Mapping[str, Any]], List[EdgesiteError]]


class Layer(NamedTuple):
    """One layer. name: its own, and that of its role (edgesite.gpu.NAME), its tag and its result (NAME_result).

    variables: a host may have the layer where it is given one of them. after: the layers whose work it builds on.
    specs: what the entries of variables look like, as Ansible checks options, where the role's specification does not
    say so. judge: see Judge.
    """

    name: str
    variables: Tuple[str, ...]
    after: Tuple[str, ...] = ()
    specs: Mapping[str, Any] = {}
    judge: Optional[Judge] = None


def called(variables: Mapping[str, Any]) -> List[Layer]:
    """The layers that these variables of a host call for."""
    return [layer for layer in LAYERS if any(calls(variables.get(name)) for name in layer.variables)]


def calls(value: Any) -> bool:
    """An empty list asks for nothing to be there; an empty text, or false, asks for nothing."""
    return value is not None and value != "" and value is not False


def foundations(name: str) -> Set[str]:
    """The layers whose work a layer builds on, near and far."""
    near = {after for layer in LAYERS if layer.name == name for after in layer.after}
    return near.union(*(foundations(one) for one in near))


def need_nvml(variables: Mapping[str, Any]) -> bool:
    """Whether a host's layers need a driver that works already, and not one that the run would install."""
    named = called(variables)
    return any("driver" in layer.after for layer in named) and not any(layer.name == "driver" for layer in named)


LAYERS = (
    Layer("driver", ("driver_branch", "driver_version"), judge=preflight.of_driver),
    Layer(
        "jetpack",
        preflight.JETPACK,
        specs={"jetpack_power_modes": MODES, "jetpack_fan_curves": CURVES},
        judge=preflight.of_jetpack,
    ),
    Layer("gpu", ("gpu_settings",), after=("driver",), specs={"gpu_settings": SETTINGS}, judge=preflight.of_gpu),
    # A card's reset takes its settings; their boot unit sets them again after it.
    Layer(
        "mig",
        ("mig_layouts", "mig_from_file", "mig_config"),
        after=("driver", "gpu"),
        specs={"mig_layouts": MIG_LAYOUTS},
        judge=preflight.of_mig,
    ),
    Layer(
        "storage", ("storage_volumes",), specs={"storage_volumes": VOLUMES}, judge=preflight.of_tpm("storage_volumes")
    ),
    # Services put their data on the volumes, and start when these are there.
    Layer("identity", ("identity_ca_dir",), after=("storage",), judge=preflight.of_tpm("identity_ca_dir")),
    Layer(
        "tls",
        ("tls_services", "tls_proxies"),
        after=("storage", "identity"),
        specs={"tls_services": SERVICES, "tls_proxies": PROXIES},
        judge=preflight.of_tpm("tls_services", "tls_proxies"),
    ),
)
