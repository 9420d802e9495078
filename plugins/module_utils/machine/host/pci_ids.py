# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the names of PCI devices from the list that the distribution ships."""

from __future__ import annotations

import contextlib
import os
from typing import Collection, Dict

from ...common.host import files
from .. import pci_ids

# Debian's package pci.ids, and hwdata of the Red Hat family
_PLACES = ("usr/share/misc/pci.ids", "usr/share/hwdata/pci.ids")
# The list has 1.6 MB
_MOST = 8 * 1024 * 1024


def names(wanted: Collection[str], root: str = "/") -> Dict[str, str]:
    """As pci_ids.names; nothing where the host has no list that can be read."""
    if not wanted:
        return {}
    for place in _PLACES:
        with contextlib.suppress(OSError):
            text = files.read_text(os.path.join(root, place), _MOST)
            if text is not None:
                return pci_ids.names(text, wanted)
    return {}
