# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders that are left empty."""

from __future__ import annotations

import os
from typing import Dict, Sequence, Tuple

from ..errors import EdgesiteError
from . import files

_AS_ROOT = "Run the task as root (become: true)"


def inside(folders: Sequence[str]) -> Dict[str, Tuple[str, ...]]:
    """What is in those of the folders that are there; a link to a folder is none."""
    there = [path for path in folders if os.path.isdir(path) and not os.path.islink(path)]
    return {path: tuple(sorted(files.names(path))) for path in there}


def remove(path: str) -> None:
    """Takes an empty folder away; none there is fine. Raises EdgesiteError."""
    try:
        os.rmdir(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise EdgesiteError("cannot remove {0}: {1}".format(path, error.strerror), _fix(path, error)) from error


def make(path: str) -> None:
    """Brings it back; one there is fine. Raises EdgesiteError."""
    try:
        os.makedirs(path, 0o755, exist_ok=True)
    except OSError as error:
        raise EdgesiteError("cannot create {0}: {1}".format(path, error.strerror), _fix(path, error)) from error


def _fix(path: str, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return _AS_ROOT
    return "Run 'ls -la {0}' and 'df {0}' on the host: they show what is in the way".format(os.path.dirname(path))
