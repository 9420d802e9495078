# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules share whose work goes on on the host when the link to it breaks."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of plugin_utils/waiting.py."""

    DOCUMENTATION = r"""
options:
  job:
    description:
      - Job on the host that an earlier run of this task started, to be waited for. Set by the action plugin.
    type: str
"""
