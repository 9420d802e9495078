# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of our own in a file of NVIDIA's: between two comments, which say whose they are."""

from __future__ import annotations

from typing import List, Sequence, Tuple

BEGIN = "# edgesite.gpu begins: these lines are overwritten"
END = "# edgesite.gpu ends"


def without(text: str) -> str:
    """The text without lines of our own; what else stands in it stays to the byte."""
    return "\n".join(line for line, own in _marked(text) if not own)


def only(text: str) -> str:
    """The lines of our own alone."""
    return "\n".join(line for line, own in _marked(text) if own)


def shown(text: str) -> List[str]:
    """The lines of our own for people, without the comments around them."""
    return [line.strip() for line in only(text).split("\n") if line.strip() not in ("", BEGIN, END)]


def block(own: Sequence[str]) -> List[str]:
    """The lines with the comments around them; none for none."""
    return [BEGIN, *own, END] if own else []


def _marked(text: str) -> List[Tuple[str, bool]]:
    found: List[Tuple[str, bool]] = []
    inside = False
    for line in text.split("\n"):
        inside = inside or line.strip() == BEGIN
        found.append((line, inside))
        inside = inside and line.strip() != END
    return found
