# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of gpu_settings, for the module, a look at a whole host, and judgements before a run."""

from __future__ import annotations

from typing import Any, Dict

from ..common import action_options
from .nvml_words import COMPUTE_MODES

_CLOCKS = {
    "type": "dict",
    "options": {"locked": {"type": "bool", "default": True}, "min": {"type": "int"}, "max": {"type": "int"}},
}

SETTINGS = {
    "type": "list",
    "elements": "dict",
    "required": True,
    "options": {
        "gpus": {"type": "raw", "required": True},
        "persistence_mode": {"type": "bool"},
        "ecc": {"type": "bool"},
        "compute_mode": {"type": "str", "choices": sorted(COMPUTE_MODES.values())},
        "power_limit": {"type": "str"},
        "gpu_clocks": _CLOCKS,
        "memory_clocks": _CLOCKS,
    },
}

OPTIONS = {
    **action_options.REBOOTS,
    "settings": SETTINGS,
    "persist": {"type": "bool", "default": True},
    "pynvml_path": {"type": "path"},
}
# Between them, as Ansible checks them
RULES: Dict[str, Any] = {}
