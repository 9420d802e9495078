# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.selectors import GpuId
from ansible_collections.edgesite.gpu.plugins.module_utils.mig import ready
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.card import Card
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.plan import Policy, plan
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import MODELS, card

# As nvidia-mig-parted's own tests have it (pkg/mig/builder/balanced_test.go)
_A100_40 = {"1g.5gb": 2, "2g.10gb": 1, "3g.20gb": 1}
_80_GB = {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}
_94_GB = {"1g.12gb": 2, "2g.24gb": 1, "3g.47gb": 1}
_96_GB = {"1g.12gb": 2, "2g.24gb": 1, "3g.48gb": 1}
_141_GB = {"1g.18gb": 2, "2g.35gb": 1, "3g.71gb": 1}
_RTX = {"1g.24gb": 2, "2g.48gb": 1}
# all-balanced of mig-parted 0.15 for their PCI ids
BALANCED = {
    "A30": {"1g.6gb": 2, "2g.12gb": 1},
    **dict.fromkeys(("A100-40", "A100-40-PCIE", "A800-40", "A800-40-ACTIVE"), _A100_40),
    **dict.fromkeys(("A100-80", "A100-80-PCIE", "A800-80", "A800-80-PCIE"), _80_GB),
    **dict.fromkeys(("H100-80", "H100-80-PCIE", "H800-80", "H800-80-PCIE"), _80_GB),
    **dict.fromkeys(("H100-NVL", "H800-NVL"), _94_GB),
    **dict.fromkeys(("H20", "GH200-96"), _96_GB),
    **dict.fromkeys(("H200", "H200-NVL"), _141_GB),
    "GH200-144": {"1g.18gb": 2, "2g.36gb": 1, "3g.72gb": 1},
    "B200": {"1g.23gb": 2, "2g.45gb": 1, "3g.90gb": 1},
    "GB200": {"1g.23gb": 2, "2g.47gb": 1, "3g.93gb": 1},
    "B300": {"1g.34gb": 2, "2g.67gb": 1, "3g.135gb": 1},
    "GB300": {"1g.35gb": 2, "2g.70gb": 1, "3g.139gb": 1},
    **dict.fromkeys(("RTXPRO6000", "RTXPRO6000-WS", "RTXPRO6000-MAXQ"), _RTX),
}
T4 = Card(GpuId(1, "GPU-1", "0000:18:00.0", "Tesla T4"), None)
UNKNOWN = card("A100-40", index=2, enabled=False, pending=False, profiles=())


def offered(name, *cards):
    return ready.layouts(name, cards, "config")


def refused(name, *cards):
    with pytest.raises(EdgesiteError) as caught:
        offered(name, *cards)
    return str(caught.value)


@pytest.mark.parametrize("model", MODELS)
def test_balanced_layout_of_each_model(model):
    assert offered("all-balanced", card(model)) == [
        {"gpus": [{"uuid": "GPU-0"}], "mig": "enabled", "instances": BALANCED[model]}
    ]


@pytest.mark.parametrize("model", MODELS)
def test_each_layout_that_a_card_offers_can_be_had(model):
    known = card(model)
    for profile in known.profiles:
        for name in ("all-" + profile.name, "all-" + profile.name.replace("+", ".")):
            (layout,) = offered(name, known)
            assert layout["instances"] == {profile.name: profile.max_count}
            plan([layout], [known], Policy())
    plan(offered("all-balanced", known), [known], Policy())


def test_mode_alone():
    assert offered("all-disabled", card(), T4) == [{"gpus": [{"uuid": "GPU-0"}], "mig": "disabled"}]
    assert offered("all-enabled", UNKNOWN) == [{"gpus": [{"uuid": "GPU-2"}], "mig": "enabled", "instances": {}}]


def test_cards_that_do_not_offer_it_are_left_alone():
    found = offered("all-1g.5gb", card("A100-40"), T4, card("A30", index=3))
    assert [layout["gpus"] for layout in found] == [[{"uuid": "GPU-0"}]]
    assert offered("all-disabled", T4) == []


@pytest.mark.parametrize(
    ("name", "cards", "message"),
    [
        ("balanced", [card()], "config is 'balanced', which is no layout that cards offer. Set it to all-balanced"),
        ("all-1g.5gb!", [card()], "which is no layout that cards offer"),
        ("all-1g.99gb", [card()], "config is all-1g.99gb, which no GPU of this host offers; it has 0 NVIDIA A100"),
        ("all-balanced", [T4], "config is all-balanced, which no GPU of this host offers"),
        ("all-balanced", [], "which no GPU of this host offers; it has none"),
        ("all-1g.5gb", [UNKNOWN], "only in MIG mode. Run once with all-enabled"),
        ("all-balanced", [replace(card(), profiles=card().profiles[:1])], "which no GPU of this host offers"),
    ],
)
def test_what_cannot_be_had_is_refused(name, cards, message):
    assert message in refused(name, *cards)
