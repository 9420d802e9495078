# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks for the layers that a host has, whatever the inventory says."""

from __future__ import annotations

import glob
import os
from typing import List

from ...common.effects import CRYPTTAB
from ...common.host import files
from .. import leftover


def read(root: str = "/") -> List[str]:
    """Their names. Files only: nothing is started for this."""
    traces = [trace for layer in leftover.LAYERS.values() for trace in layer.traces]
    there = [trace for trace in traces if glob.glob(_under(root, trace))]
    return leftover.found(there, files.read_text(_under(root, CRYPTTAB)))


def _under(root: str, path: str) -> str:
    return os.path.join(root, path.lstrip("/"))
