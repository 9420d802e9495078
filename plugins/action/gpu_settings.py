# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of edgesite.gpu.gpu_settings."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import NvmlActionBase
from ansible_collections.edgesite.gpu.plugins.plugin_utils.rebooting import RebootingActionBase


class ActionModule(RebootingActionBase, NvmlActionBase):
    """See RebootingActionBase and NvmlActionBase."""
