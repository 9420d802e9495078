# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds pynvml: where the controller sent it, in the host tools, or in the system."""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType
from typing import Optional

HOST_TOOLS = "/usr/local/lib/edgesite-gpu/current"


def load(path: Optional[str] = None) -> Optional[ModuleType]:
    """The module pynvml, or None.

    path: a directory or archive that holds pynvml.py. The host tools come before the system's own, since
    distributions carry versions that are too old for MIG.
    """
    for place in (path, HOST_TOOLS, None):
        if place is None or os.path.exists(place):
            found = _import_from(place)
            if found is not None:
                return found
    return None


def _import_from(place: Optional[str]) -> Optional[ModuleType]:
    if place is not None:
        sys.path.insert(0, place)
    try:
        return importlib.import_module("pynvml")
    except ImportError:
        return None
    finally:
        if place is not None:
            sys.path.remove(place)
