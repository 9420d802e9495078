# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether NVIDIA's bootloader package knows a board: on any other it fails to install, and the kernel's after it.

It chooses the firmware by the name of the board in a `case` of its script, whose last branch is the failure.
"""

from __future__ import annotations

import fnmatch
import re
from typing import List, Optional

# A case that has no other one in it
_CASE = re.compile(r"\bcase\s[^\n]*\sin\b((?:(?!\bcase\s|\besac\b).)*)\besac\b", re.S | re.ASCII)
_REFUSES = "does not match any known boards"
_BRANCH = re.compile(r"^\s*\(?([^\s()|]+(?:\s*\|\s*[^\s()|]+)*)\s*\)", re.M)
_SPEC = re.compile(r"^COMPATIBLE_SPEC[ \t]+(\S+)", re.M)


def unknown_board(conf: str, script: str) -> Optional[str]:
    """The name of the board where the package refuses it; None where it does not, or where that cannot be told.

    conf: /etc/nv_boot_control.conf. script: what the package runs when it is installed.
    """
    spec, known = _SPEC.search(conf), _known(script)
    if not spec or not known or any(fnmatch.fnmatchcase(spec.group(1), pattern) for pattern in known):
        return None
    return spec.group(1)


def _known(script: str) -> List[str]:
    """The patterns of all boards that it has firmware for; empty where the script has another form."""
    branches = [branch for body in _CASE.findall(script) if _REFUSES in body for branch in _BRANCH.findall(body)]
    patterns = [pattern.strip().replace('"', "") for branch in branches for pattern in branch.split("|")]
    return [pattern for pattern in patterns if pattern != "*"]
