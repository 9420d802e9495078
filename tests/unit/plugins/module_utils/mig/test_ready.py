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
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.parted_files import FILES, counts

BALANCED = {key: counts(balanced.split()) for keys, _alone, balanced in FILES for key in keys}
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
