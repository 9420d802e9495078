# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.edgesite.gpu.plugins.filter import jetpack

FILTERS = jetpack.FilterModule().filters()


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_every_filter_is_documented(name):
    assert (Path(jetpack.__file__).parent / (name + ".yml")).exists()


def test_offer_or_the_problem():
    policy = "nvidia-l4t-core:\n  Installed: 36.4.0-20240912212859\n  Candidate: 36.4.3-20250107174145\n"
    # not quoted in the inventory, it is a number
    assert FILTERS["jetpack_offer"](policy, {"version": 6.2}) == {}
    assert "which is JetPack 6.2" in FILTERS["jetpack_offer"](policy, {"version": 6.1})["problem"]
