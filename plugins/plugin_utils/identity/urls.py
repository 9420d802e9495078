# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""URLs without what may be secret in them."""

from __future__ import annotations

import re
from typing import Optional

_HTTP = re.compile(
    r"(?P<scheme>https?://)([^\s/?#]*@)?(?P<place>(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?(/[!-~]*?)?)([?#][!-~]*)?",
    re.ASCII | re.IGNORECASE,
)


def shown(url: str) -> Optional[str]:
    """A URL of HTTP for messages, without user, password and query; None for what is no such URL."""
    found = _HTTP.fullmatch(url)
    return found["scheme"] + found["place"] if found else None
