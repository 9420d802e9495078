# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules that may have their host rebooted share."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of plugin_utils/rebooting.py."""

    DOCUMENTATION = r"""
options:
  allow_reboot:
    description:
      - Reboot the host where the change waits for it, and run again; the result is that of both runs. Otherwise, and
        where the controller is the host itself, RV(reboot_required) says that it waits.
    type: bool
    default: false
  reboot_timeout:
    description: Seconds that the host may take to reboot.
    type: int
    default: 900
"""
