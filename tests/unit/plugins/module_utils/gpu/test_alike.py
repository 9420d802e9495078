# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same problem of equal GPUs is one problem."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.alike import once
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.selectors import GpuId

T4 = [GpuId(index, f"GPU-{index}", f"0000:{index:02}:00.0", "Tesla T4") for index in range(3)]
A2 = GpuId(3, "GPU-3", "0000:03:00.0", "NVIDIA A2")


def of(gpu, fix="f", **details):
    return EdgesiteError(f"settings[0].ecc is set for GPU {gpu.label()}, which does not support it", fix, details)


def test_equal_gpus_are_named_in_one_problem():
    (found,) = once([of(gpu, holders=[gpu.index]) for gpu in T4], T4)
    assert found.problem == of(T4[0]).problem + "; the same holds for GPU 1, 2"
    assert found.fix == "f" and found.details == {"holders": [0, 1, 2]}


def test_other_models_other_fixes_and_problems_of_none_stay_apart():
    alone = [of(T4[0]), of(A2), of(T4[1], fix="g"), EdgesiteError("no GPU", "f")]
    assert once(alone, [*T4, A2]) == alone
