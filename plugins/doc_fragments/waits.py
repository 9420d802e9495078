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
      - What an earlier run of this task has begun on the host, and is to be waited for; its action plugin gives it.
    type: str
"""
