# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of jetpack, for the modules, a look at a whole host, and judgements before a run."""

from __future__ import annotations

from typing import Any, Dict

from ..common import action_options

_POINT = {
    "temperature": {"type": "int", "required": True},
    "hysteresis": {"type": "int", "default": 0},
    "pwm": {"type": "int", "required": True},
    "rpm": {"type": "int", "default": 0},
}

CURVES = {
    "type": "list",
    "elements": "dict",
    "options": {
        "name": {"type": "str", "required": True},
        "points": {"type": "list", "elements": "dict", "required": True, "options": _POINT},
    },
}

MODES = {
    "type": "list",
    "elements": "dict",
    "options": {
        "name": {"type": "str", "required": True},
        "base": {"type": "str", "required": True},
        "settings": {"type": "dict", "required": True},
    },
}

OPTIONS = {
    **action_options.REBOOTS,
    **action_options.WAITS,
    "version": {"type": "str", "default": ""},
    "suite": {"type": "str", "default": ""},
    "mirror": {"type": "str", "default": ""},
    "packages": {"type": "list", "elements": "str", "default": []},
    "hold": {"type": "bool", "default": False},
    "upgrade": {"type": "str", "choices": ["none", "minor"], "default": "none"},
    "power_mode": {"type": "str", "default": ""},
    "power_modes": MODES,
    "clocks": {"type": "str", "choices": ["", "locked", "restored"], "default": ""},
    "clocks_fan": {"type": "bool", "default": False},
    "fan_profile": {"type": "str", "default": ""},
    "fan_curves": CURVES,
    "lock_timeout": {"type": "int", "default": 600},
    "apt_timeout": {"type": "int", "default": 7200},
}
# Between them, as Ansible checks them
RULES: Dict[str, Any] = {}
