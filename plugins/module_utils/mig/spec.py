# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form of mig_layout's option layouts, for the module and for those who judge variables before a run."""

from __future__ import annotations

from .layouts import MODES

LAYOUTS = {
    "type": "list",
    "elements": "dict",
    "options": {
        "gpus": {"type": "raw", "required": True},
        "mig": {"type": "str", "choices": list(MODES), "default": "enabled"},
        "instances": {"type": "raw"},
    },
}
