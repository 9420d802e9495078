# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what a layer has put on a host."""

from __future__ import annotations

import os
from typing import NamedTuple, Sequence, Tuple

from .. import footprint
from ..footprint import Kept
from . import command, files
from .command import Run

_DPKG = "/var/lib/dpkg/status"
_DPKG_FORMAT = "${db:Status-Status}\t${Package}\n"
_SECONDS = 60.0


class Look(NamedTuple):
    """How programs are run, and the folders of the layers identity and tls."""

    run: Run
    identity: str
    tls: str


def is_apt() -> bool:
    """Whether packages are dpkg's. Debian has rpm's programs too, and other systems dpkg's."""
    return os.path.exists(_DPKG)


def packages(run: Run, names: Sequence[str]) -> Tuple[Kept, ...]:
    """That those of the packages stay that are installed."""
    apt = is_apt()
    return footprint.packages(_of_dpkg(run, names) if apt else _of_rpm(run, names), apt)


def _of_dpkg(run: Run, names: Sequence[str]) -> Sequence[str]:
    # It fails where one of them is not known, and tells of the others.
    told = run([command.find("dpkg-query") or "dpkg-query", "-W", "-f", _DPKG_FORMAT, *names], timeout=_SECONDS).text
    found = (line.partition("\t") for line in told.splitlines())
    return sorted({name for status, _tab, name in found if status == "installed"})


def _of_rpm(run: Run, names: Sequence[str]) -> Sequence[str]:
    told = run([command.find("rpm") or "rpm", "-q", "--qf", "%{NAME}\n", *names], timeout=_SECONDS).text
    return sorted(set(told.splitlines()) & set(names))


def names_in(folder: str) -> Sequence[str]:
    """What is in a folder."""
    return sorted(files.names(folder))
