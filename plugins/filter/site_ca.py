# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of the role site_ca."""

from __future__ import annotations

from typing import Any, Callable, Dict, Mapping, Optional

from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity import ca_days, ca_keys


def site_ca_problem(passphrases: Mapping[str, Any], folder: str, days: Optional[Mapping[str, Any]] = None) -> str:
    """Why a CA's keys are not encrypted or would not be, or its days are none; empty where all is well."""
    try:
        ca_keys.check(passphrases, folder)
        ca_days.check({} if days is None else days)
    except EdgesiteError as error:
        return str(error)
    return ""


class FilterModule:
    """Filters of the role site_ca."""

    def filters(self) -> Dict[str, Callable[..., Any]]:
        return {"site_ca_problem": site_ca_problem}
