# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that modules have for their action plugins alone: of installing, rebooting and waiting in plugin_utils."""

from __future__ import annotations

INSTALLS = {
    "install": {"type": "bool", "default": True},
    "packages": {"type": "list", "elements": "str", "default": []},
}
WAITS = {"job": {"type": "str"}}
REBOOTS = {
    "allow_reboot": {"type": "bool", "default": False},
    "reboot_timeout": {"type": "int", "default": 900},
}
