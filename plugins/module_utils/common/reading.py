# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reader of a host hands back: the value, and what it could not read on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List

from .errors import printable


@dataclass
class Reading:
    """value is None where the host does not have the thing; unread says what is there but could not be read."""

    value: Any = None
    unread: List[Dict[str, Any]] = field(default_factory=list)


def unread(what: str, why: str, fix: str) -> Dict[str, Any]:
    """An entry of gpu_info's `unread`."""
    return {"what": what, "why": printable(why), "fix": printable(fix)}
