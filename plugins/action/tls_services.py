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
        """With another identity, services have more to be told."""
        now = {name: value for name, value in answer.items() if name != RENEWED}
        return self.foresee(answer.get(RENEWED, now) if _changes(earlier.get("identity") or {}) else now)


def _changes(identity: Mapping[str, Any]) -> bool:
    """Whether a certificate is going to be another one, or the files of the CA beside it."""
    certificate = identity.get("need", {}).get("action", "none") != "none"
    return certificate or identity.get("before") != identity.get("after")
