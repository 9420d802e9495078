# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets packages go that were held, by whichever package manager the host has."""

from __future__ import annotations

from typing import Sequence

from . import apt, dnf, footprint
from .command import Run
from .packages import Note, Patience


def switch(run: Run, note: Note, patience: Patience, names: Sequence[str], held: bool) -> None:
    """Holds packages, or lets them go; none are fine. Raises EdgesiteError."""
    if footprint.is_apt():
        apt.Apt(run, note, patience).mark("hold" if held else "unhold", names)
    else:
        backend = dnf.Dnf(run, note, patience)
        (backend.hold if held else backend.unhold)(names)
