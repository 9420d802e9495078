# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of edgesite.gpu.tls_services."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from ansible_collections.edgesite.gpu.plugins.module_utils.tls.services import RENEWED
from ansible_collections.edgesite.gpu.plugins.plugin_utils.installing import InstallingActionBase


class ActionModule(InstallingActionBase):
    """See InstallingActionBase."""

    def judge_look(self, answer: Dict[str, Any], earlier: Mapping[str, Any]) -> Dict[str, Any]:
        """With a new certificate, services have more to be told."""
        renewed = answer.pop(RENEWED, answer)
        another = (earlier.get("identity") or {}).get("need", {}).get("action", "none") != "none"
        return self.foresee(renewed if another else answer)
