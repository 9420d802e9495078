# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words for NVML's numbers (nvml.h) that results and options use."""

from __future__ import annotations

from typing import Dict, Optional

from ..common.lines import as_int

# nvmlDeviceArchitecture_t
ARCHITECTURES: Dict[int, str] = {
    2: "kepler",
    3: "maxwell",
    4: "pascal",
    5: "volta",
    6: "turing",
    7: "ampere",
    8: "ada",
    9: "hopper",
    10: "blackwell",
}

# nvmlComputeMode_t; 1 (exclusive thread) was removed from the driver.
COMPUTE_MODES: Dict[int, str] = {0: "default", 2: "prohibited", 3: "exclusive_process"}

# nvmlGpuVirtualizationMode_t
VIRTUALIZATION_MODES: Dict[int, str] = {0: "none", 1: "passthrough", 2: "vgpu_guest", 3: "vgpu_host", 4: "vsga_host"}

# nvmlGpuFabricState_t, without 0 (not supported)
FABRIC_COMPLETED = "completed"
FABRIC_STATES: Dict[int, str] = {1: "not_started", 2: "in_progress", 3: FABRIC_COMPLETED}


def word(table: Dict[int, str], number: Optional[int]) -> Optional[str]:
    """The word for a number; None stays None, and a number without a word is given as digits."""
    return None if number is None else table.get(number, str(number))


def number(table: Dict[int, str], wanted: str) -> int:
    """The number for what word() gave. Raises KeyError for anything else."""
    digits = as_int(wanted)
    return {text: value for value, text in table.items()}[wanted] if digits is None else digits
