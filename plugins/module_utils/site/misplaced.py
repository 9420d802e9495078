# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers that a host of its kind cannot have, whatever is asked of them: in words that name the variables."""

from __future__ import annotations

from typing import Any, List, Mapping, Sequence

from ..common.errors import EdgesiteError
from .layers import Layer

Variables = Mapping[str, Any]

# By layer that is for cards: what it is called, and what a Jetson has instead
_FOR_CARDS = {
    "driver": ("driver_branch or driver_version", "jetpack_version, which brings the driver"),
    "gpu": ("gpu_settings", "jetpack_power_mode, jetpack_clocks and jetpack_fan_profile"),
    "mig": ("mig_layouts, mig_from_file or mig_config", "none of these: its GPU has no MIG"),
}


def problems(layer: Layer, variables: Variables, info: Variables) -> List[EdgesiteError]:
    """variables: of the layer. info: gpu_info's facts of the host."""
    if layer.name in _FOR_CARDS:
        return [_on_jetson(*_FOR_CARDS[layer.name])] if info.get("jetson") else []
    given = [name for name in layer.variables if variables.get(name)]
    if not given:
        return []
    if layer.name == "jetpack":
        return [] if info.get("jetson") else [_no_jetson(given)]
    return _without_tpm(given, info.get("tpm"))


def _on_jetson(variables: str, instead: str) -> EdgesiteError:
    return EdgesiteError(
        "{0} is set, and this host is a Jetson, which has no such card".format(variables),
        "Use {0}, and set it only for hosts with cards".format(instead),
    )


def _no_jetson(given: Sequence[str]) -> EdgesiteError:
    return EdgesiteError(
        "{0} set, and this host is not a Jetson".format(_are(given)),
        "Set it only for Jetsons, such as in the variables of a group of them",
    )


def _without_tpm(given: Sequence[str], tpm: Any) -> List[EdgesiteError]:
    if tpm and tpm.get("version") != "1.2":
        return []
    return [
        EdgesiteError(
            "{0} set, and this host has {1}".format(_are(given), "a TPM 1.2, not 2.0" if tpm else "no TPM"),
            "Enable a TPM 2.0 in the firmware (it may be called fTPM or PTT), or set the variable only for hosts "
            "that have one",
        )
    ]


def _are(names: Sequence[str]) -> str:
    return "{0} {1}".format(" and ".join(names), "is" if len(names) == 1 else "are")
