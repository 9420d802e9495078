# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What preflight finds wrong with a site beside what its layers say: NVML, lost GPUs, and models that nothing is."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence

from ..common.errors import EdgesiteError
from ..gpu import selectors
from ..gpu.nvml_errors import meaning_of_status
from .layers import LAYERS

Variables = Mapping[str, Any]

_BY_NVML = [layer.name for layer in LAYERS if "driver" in layer.after]


def of_nvml(info: Variables, wants_gpus: bool) -> List[EdgesiteError]:
    """GPUs that are lost, and what keeps NVML from working where the inventory wants something of GPUs."""
    found = [EdgesiteError("{0}: {1}".format(one["what"], one["why"]), one["fix"]) for one in _lost(info)]
    if wants_gpus and not _nvml_works(info) and not info.get("jetson"):
        known = meaning_of_status(_nvml_status(info))
        found.append(EdgesiteError(known.problem, known.fix))
    return found


def follows(layer: str, error: EdgesiteError, info: Variables) -> bool:
    """Whether a layer's problem is one that of_nvml tells of, or comes with the driver that the run installs."""
    if layer in _BY_NVML and not _nvml_works(info):
        return True
    return error.problem in {one["why"] for one in _lost(info)}


def _lost(info: Variables) -> List[Variables]:
    return [entry for entry in info.get("unread", []) if entry["what"].startswith("gpu ")]


def _nvml_works(info: Variables) -> bool:
    """Whether the host's GPUs could be read."""
    return _nvml_status(info) == "ok"


def _nvml_status(info: Variables) -> str:
    return str((info.get("driver") or {}).get("nvml_status", "not read"))


def unmatched_models(wanted: Mapping[str, Any], names: Sequence[str]) -> List[str]:
    """The models that selectors of a host's variables name. names: of all GPUs that were found on the site."""
    entries = [entry for variable in ("gpu_settings", "mig_layouts") for entry in wanted.get(variable) or []]
    found: Dict[str, None] = {}
    for entry in entries:
        for model in selectors.models(entry["gpus"]):
            if not any(selectors.model_matches(model, name) for name in names):
                found[model] = None
    return list(found)
