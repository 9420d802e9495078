# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of edgesite.gpu.remove."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import HostActionBase


class ActionModule(HostActionBase):
    """See HostActionBase."""
