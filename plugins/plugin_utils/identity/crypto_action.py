# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Base of the action plugins that need the library cryptography on the controller."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from ..actions import ControllerActionBase
from . import crypto


class CryptoActionBase(ControllerActionBase):
    """Says what to install where it is missing."""

    def answer(self, task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        crypto.require()
        return super().answer(task_vars)
