# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One entry in /etc/crypttab or /etc/fstab, whose lines have columns; everything else in the file stays as it is."""

from __future__ import annotations

from typing import List, Optional, Sequence, Tuple

from ..common import lines
from ..common.errors import EdgesiteError, shown


def find(text: str, column: int, value: str) -> Optional[Tuple[str, ...]]:
    """The columns of the entry that has this value there; of several the first."""
    for line in lines.of_file(text):
        columns = _columns(line)
        if len(columns) > column and columns[column] == value:
            return columns
    return None


def entries(text: str) -> List[Tuple[str, ...]]:
    """The columns of all entries."""
    return [columns for columns in map(_columns, lines.of_file(text)) if columns]


def put(text: str, column: int, entry: Sequence[str]) -> str:
    """The file with this entry, in the place of those that have its value in that column, else at the end."""
    wanted = "\t".join(_column(value) for value in entry)
    found: List[str] = []
    placed = False
    for line in lines.of_file(text):
        columns = _columns(line)
        if len(columns) > column and columns[column] == entry[column]:
            if not placed:
                found.append(line if columns == tuple(entry) else wanted)
            placed = True
        else:
            found.append(line)
    if not placed:
        found.append(wanted)
    return "\n".join(found) + "\n"


def _columns(line: str) -> Tuple[str, ...]:
    return () if line.lstrip().startswith("#") else tuple(line.split())


def _column(value: str) -> str:
    if not value or " " in value or value.startswith("#") or not value.isprintable():
        raise EdgesiteError("{0} cannot be a field of a line".format(shown(value)), "Remove white space and # from it")
    return value
