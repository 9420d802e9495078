# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds pynvml: where the controller sent it, in the host tools, or in the system."""

from __future__ import annotations

import ctypes
import importlib
import sys
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, List, Optional

from ...boot.tools import CURRENT

# Where this is a part of the host tools, their folder: `current` may lead to another version by now.
_OWN = __file__.partition("/ansible_collections/")[0]

# Bytes of nvmlProcessInfo_t in its versions 2 and 3
_PROCESS_INFO = 24


def load(path: Optional[str] = None, host_tools: str = CURRENT) -> Optional[ModuleType]:
    """The module pynvml, or None.

    path: a directory or archive that holds pynvml.py. The host tools come before the system's own, since
    distributions carry versions that are too old for MIG.
    """
    finder: Any = _Finder([place for place in (path, _OWN, host_tools) if place])
    sys.meta_path.insert(0, finder)
    try:
        return importlib.import_module("pynvml")
    except ImportError:
        return None
    finally:
        sys.meta_path.remove(finder)


def usable(path: Optional[str] = None) -> Optional[ModuleType]:
    """As load(), and None for one that is too old."""
    library: Any = load(path)
    return library if library is not None and _is_usable(library) else None


def _is_usable(library: Any) -> bool:
    """Whether it knows the names of MIG's profiles, and clients as NVML lists them."""
    named = hasattr(library, "c_nvmlGpuInstanceProfileInfo_v2_t")  # from 11.525 on
    return named and (hasattr(library, "c_nvmlProcessInfo_v2_t") or _lists_clients(library))


def _lists_clients(library: Any) -> bool:
    # 12.535.77 has a form of it that no driver has
    return ctypes.sizeof(library.c_nvmlProcessInfo_t) == _PROCESS_INFO


class _Finder:
    """Looks for pynvml in these places, and for nothing else: no other file there takes the place of a module."""

    def __init__(self, places: List[str]) -> None:
        self.places = places

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> Optional[ModuleSpec]:
        """What Python's import asks for."""
        return PathFinder.find_spec(name, self.places) if name == "pynvml" else None
