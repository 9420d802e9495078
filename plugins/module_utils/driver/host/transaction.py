# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes that packages of the driver are being changed: where a run ends in the middle, the next one finishes that."""

from __future__ import annotations

import contextlib

from ...common.errors import EdgesiteError
from ...common.host import owned_files
from ..files import TRANSACTION


def begin() -> None:
    """Packages are about to change."""
    owned_files.write_text(TRANSACTION, "packages of the driver are being changed\n")


def end() -> None:
    """All that belongs to the change is done. A note that stays costs the next run a moment, and nothing else."""
    with contextlib.suppress(EdgesiteError):
        owned_files.remove(TRANSACTION)
