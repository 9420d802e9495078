# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dnf prints, whatever is installed."""

from __future__ import annotations

from typing import Dict, List, Sequence, Tuple


def offered(listed: str) -> Dict[str, List[str]]:
    """Versions (EPOCH:VERSION-RELEASE) by package, the newest first, as dnf list --showduplicates tells them.

    It breaks lines that are wider than the terminal which it does not have, so that words count and not lines.
    """
    found: Dict[str, List[str]] = {}
    lines = listed.splitlines()
    headings = [place for place, line in enumerate(lines) if line.lower().endswith(" packages")]
    below = [line for place, line in enumerate(lines) if place not in headings and place > min(headings, default=0)]
    words = [word for line in below for word in line.split()]
    entries = [words[place : place + 3] for place in range(0, len(words) - 2, 3)]
    for name_arch, version, _repository in entries:
        name, dot, architecture = name_arch.rpartition(".")
        versions = found.setdefault(name if dot else architecture, [])
        if version not in versions:
            # the oldest first
            versions.insert(0, version)
    return found


def dependents(told: str) -> Tuple[str, ...]:
    """Packages that would go as they need what is removed; told: by dnf --assumeno remove."""
    found: List[str] = []
    inside = False
    for line in told.splitlines():
        if line.startswith("Removing"):
            inside = "dependent" in line
        elif inside and line.startswith(" ") and line.strip():
            found.append(line.split()[0])
        else:
            inside = False
    return tuple(found)


def complaints(output: str) -> Tuple[str, ...]:
    """What dnf complains about, each thing once."""
    lines = output.splitlines()
    return tuple(dict.fromkeys(_complaints(lines)))


def _complaints(lines: Sequence[str]) -> List[str]:
    found: List[str] = []
    inside = False
    for line in lines:
        begins = line.startswith(("Error", "error:", "Failed", "Cannot", "No match for argument"))
        # what follows "Error:" is indented, or a list of problems
        inside = begins or inside and line.startswith((" ", "-", "Problem"))
        if inside:
            found.append(" ".join(line.split()))
    return [line for line in found if line not in ("Error:",)]
