# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of mig_layout, for the module, a look at a whole host, and judgements before a run."""

from __future__ import annotations

from ..common import action_options
from .layouts import MODES
from .plan import RESETS
from .planner import DISRUPTIONS

LAYOUTS = {
    "type": "list",
    "elements": "dict",
    "options": {
        "gpus": {"type": "raw", "required": True},
        "mig": {"type": "str", "choices": list(MODES), "default": "enabled"},
        "instances": {"type": "raw"},
    },
}

OPTIONS = {
    **action_options.REBOOTS,
    "layouts": LAYOUTS,
    "mig_parted": {"type": "dict"},
    "from_file": {"type": "path"},
    "config": {"type": "str"},
    "disruption": {"type": "str", "choices": list(DISRUPTIONS), "default": "idle"},
    "reset": {"type": "str", "choices": list(RESETS), "default": "if_idle"},
    "quiesce": {"type": "list", "elements": "str", "default": []},
    "unload_drm": {"type": "bool", "default": False},
    "persist": {"type": "bool", "default": True},
    "pynvml_path": {"type": "path"},
}
RULES = {
    "mutually_exclusive": [["layouts", "mig_parted", "from_file"], ["layouts", "config"]],
    "required_one_of": [["layouts", "mig_parted", "from_file", "config"]],
}
