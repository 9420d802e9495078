# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of edgesite.gpu.host_tools: packs the tools, and sends them where the host has others."""

from __future__ import annotations

from typing import Any, Dict

from ansible_collections.edgesite.gpu.plugins.plugin_utils import host_archive
from ansible_collections.edgesite.gpu.plugins.plugin_utils.actions import HostActionBase, RunModule


class ActionModule(HostActionBase):
    """Asks the host first, so that one that has the tools costs one round trip."""

    def run_with(self, run_module: RunModule) -> Dict[str, Any]:
        present = self._task.args.get("state", "present") == "present"
        files = host_archive.files() if present else {}
        wanted = {"manifest": host_archive.manifest(files)}
        result = run_module(wanted)
        if result.get("needs_archive"):
            result = run_module({**wanted, "archive": self.send(host_archive.archive(files))})
        return result
