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
      - Reboot the host if the change needs it, and run again; the result covers both runs. Otherwise, and if the
        controller is the host itself, RV(reboot_required) reports the pending reboot.
    type: bool
    default: false
  reboot_timeout:
    description: Seconds that the host may take to reboot.
    type: int
    default: 900
"""
