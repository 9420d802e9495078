# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules share whose host is given the packages that they miss there."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of plugin_utils/installing.py."""

    DOCUMENTATION = r"""
options:
  install:
    description:
      - Install packages that the host lacks, and continue. V(false) fails and lists them in RV(missing_packages).
    type: bool
    default: true
  packages:
    description: Packages to install if something is missing, instead of those in RV(missing_packages).
    type: list
    elements: str
    default: []
"""
