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

from ..core.host_tools import CURRENT


def load(path: Optional[str] = None, host_tools: str = CURRENT) -> Optional[ModuleType]:
    """The module pynvml, or None.

    path: a directory or archive that holds pynvml.py. The host tools come before the system's own, since
    distributions carry versions that are too old for MIG.
    """
    places = [place for place in (path, host_tools) if place and os.path.exists(place)]
    sys.path[:0] = places
    try:
        return importlib.import_module("pynvml")
    except ImportError:
        return None
    finally:
        for place in places:
            sys.path.remove(place)
