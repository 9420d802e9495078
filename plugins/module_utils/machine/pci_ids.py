# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of PCI devices in pci.ids, the list that distributions ship (github.com/pciutils/pciids)."""

from __future__ import annotations

import re
from typing import Collection, Dict, Optional

from ..common.errors import printable

# A vendor at the start of a line, its devices behind a tab, subsystems behind two
_ENTRY = re.compile(r"(\t?)([0-9a-f]{4}) +(\S.*)")
_MARKETED = re.compile(r"\[([^][]+)\]\s*\Z")


def names(text: str, wanted: Collection[str]) -> Dict[str, str]:
    """The names of those devices that the list has. wanted: vendor and device id, as 10de:2235."""
    found: Dict[str, str] = {}
    vendor: Optional[str] = None
    for entry in filter(None, map(_ENTRY.match, text.splitlines())):
        tab, number, name = entry.groups()
        if not tab:
            vendor = number
        key = "{0}:{1}".format(vendor, number)
        if tab and key in wanted:
            found.setdefault(key, _short(name))
    return found


def _short(name: str) -> str:
    """The name that a card is sold under: L40 of AD102GL [L40]."""
    marketed = _MARKETED.search(name)
    return printable((marketed.group(1) if marketed else name).strip())
