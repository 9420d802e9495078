# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Problems that several GPUs have alike."""

from __future__ import annotations

from typing import Dict, List, Sequence, Tuple

from ..common.errors import EdgesiteError, combined
from .selectors import GpuId


def once(errors: Sequence[EdgesiteError], gpus: Sequence[GpuId]) -> List[EdgesiteError]:
    """The problems in their order, each once: of those that differ in the GPU alone, the first names the others."""
    alike: Dict[Tuple[str, str], List[Tuple[EdgesiteError, List[GpuId]]]] = {}
    for error in errors:
        named = [gpu for gpu in gpus if gpu.label() in error.problem]
        text = error.problem
        for gpu in named:
            text = text.replace(gpu.label(), gpu.name)
        alike.setdefault((text, error.fix), []).append((error, named))
    return [_one(group) for group in alike.values()]


def _one(group: Sequence[Tuple[EdgesiteError, List[GpuId]]]) -> EdgesiteError:
    errors = [error for error, _named in group]
    others = [str(named[0].index) for _error, named in group[1:] if named]
    if not others:
        return errors[0]
    text = "{0}; the same holds for GPU {1}".format(errors[0].problem, ", ".join(others))
    return EdgesiteError(text, errors[0].fix, combined(errors).details)
