# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the state of a GPU in the NVLink fabric through NVML."""

from __future__ import annotations

import ctypes
from typing import Any, Dict, Optional

from .. import nvml_words
from ..nvml_errors import NvmlError, meaning
from ..nvml_words import word
from .nvml import Nvml

# Newer drivers have the first, older ones the second only; so have releases of pynvml
_CALLS = (
    ("nvmlDeviceGetGpuFabricInfoV", "c_nvmlGpuFabricInfoV_t"),
    ("nvmlDeviceGetGpuFabricInfo", "c_nvmlGpuFabricInfo_t"),
)


def read(nvml: Nvml, handle: Any) -> Optional[Dict[str, Any]]:
    """State, status and clique; None where the card has no such state, or nobody can ask for it."""
    info = _ask(nvml, handle)
    if info is None or not info.state:
        return None
    state = word(nvml_words.FABRIC_STATES, info.state)
    # before the end there is neither status nor clique
    done = state == nvml_words.FABRIC_COMPLETED
    return {
        "state": state,
        "status": _status(info.status) if done else None,
        "clique_id": info.cliqueId if done else None,
    }


def _status(code: int) -> str:
    return meaning(code).status if code else "ok"


def _ask(nvml: Nvml, handle: Any) -> Any:
    for function, structure in _CALLS:
        if hasattr(nvml.pynvml, structure):
            info = getattr(nvml.pynvml, structure)()
            try:
                nvml.call(function, handle, ctypes.byref(info))
                return info
            except NvmlError:
                # the card, the driver, or its form of the structure does not have it
                continue
    return None
