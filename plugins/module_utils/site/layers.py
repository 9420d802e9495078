# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layers of a site, each once, in the order in which a host gets them."""

from __future__ import annotations

from typing import Any, List, Mapping, NamedTuple, Set, Tuple

from ..gpu.spec import SETTINGS
from ..jetson.spec import CURVES, MODES
from ..mig.spec import LAYOUTS as MIG_LAYOUTS
from ..storage.spec import VOLUMES
from ..tls.spec import PROXIES, SERVICES


class Layer(NamedTuple):
    """One layer. name: its own, and that of its role (edgesite.gpu.NAME), its tag and its result (NAME_result).

    variables: a host may have the layer where it is given one of them. after: the layers whose work it builds on.
    judged_without: those of them that it can be judged without.
    specs: what the entries of variables look like, as Ansible checks options, where the role's specification does not
    say so.
    """

    name: str
    variables: Tuple[str, ...]
    after: Tuple[str, ...] = ()
    specs: Mapping[str, Any] = {}
    judged_without: Tuple[str, ...] = ()

    def called(self, variables: Mapping[str, Any]) -> bool:
        """Whether these variables of a host call for it."""
        return any(calls(variables.get(name)) for name in self.variables)


def called(variables: Mapping[str, Any]) -> List[Layer]:
    """The layers that these variables of a host call for."""
    return [layer for layer in LAYERS if layer.called(variables)]


def calls(value: Any) -> bool:
    """An empty list asks for nothing to be there; an empty text, or false, asks for nothing."""
    return value is not None and value != "" and value is not False


def by_name(name: str) -> Layer:
    """The layer of that name."""
    return next(layer for layer in LAYERS if layer.name == name)


def foundations(name: str) -> Set[str]:
    """The layers whose work a layer builds on, near and far."""
    near = {after for layer in LAYERS if layer.name == name for after in layer.after}
    return near.union(*(foundations(one) for one in near))


def judged_after(name: str) -> Set[str]:
    """The layers without whose work nobody can say what is wrong with this one."""
    without = {other for layer in LAYERS if layer.name == name for other in layer.judged_without}
    return foundations(name) - without


def need_nvml(variables: Mapping[str, Any]) -> bool:
    """Whether a host's layers need a driver that works already, and not one that the run would install."""
    named = called(variables)
    return any("driver" in layer.after for layer in named) and not any(layer.name == "driver" for layer in named)


LAYERS = (
    Layer("driver", ("driver_branch", "driver_version")),
    Layer(
        "jetpack",
        (
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
        ),
        specs={"jetpack_power_modes": MODES, "jetpack_fan_curves": CURVES},
    ),
    Layer("gpu", ("gpu_settings",), after=("driver",), specs={"gpu_settings": SETTINGS}),
    # A card's reset takes its settings; their boot unit sets them again after it.
    Layer(
        "mig",
        ("mig_layouts", "mig_from_file", "mig_config"),
        after=("driver", "gpu"),
        specs={"mig_layouts": MIG_LAYOUTS},
        judged_without=("gpu",),
    ),
    Layer("storage", ("storage_volumes",), specs={"storage_volumes": VOLUMES}),
    # Services put their data on the volumes, and start when these are there.
    Layer("identity", ("identity_ca_dir",), after=("storage",)),
    Layer(
        "tls",
        ("tls_services", "tls_proxies"),
        after=("storage", "identity"),
        specs={"tls_services": SERVICES, "tls_proxies": PROXIES},
    ),
)
