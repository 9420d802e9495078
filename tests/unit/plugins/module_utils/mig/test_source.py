# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layouts that are read from cards are what mig_layout finds nothing to do for."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.edgesite.gpu.plugins.module_utils.mig import source
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.plan import Policy, judge, plan
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.source import from_parted, to_layouts, to_parted
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import card, cards, instance
from hypothesis import given
from hypothesis import strategies as st


def usable(known):
    """The card without GPU instances of which nothing or not all can be used: neither form has a place for them."""
    return replace(known, instances=tuple(held for held in known.instances if held.whole))


def whole(known):
    """The card with GPU instances of one compute instance that takes all of it."""
    kept = tuple(held for held in known.instances if list(held.whole) == [(held.profile.slices, 0)])
    return replace(known, instances=kept)


@given(cards(), st.sampled_from(["never", "idle", "force"]))
def test_layouts_of_a_card_ask_for_nothing_else(drawn, disruption):
    known = usable(drawn)
    assert plan(to_layouts([known]), [known], Policy(disruption)).actions == []


@given(cards(), st.booleans())
def test_file_of_a_card_asks_for_nothing_else(drawn, enabled):
    known = replace(whole(drawn), enabled=enabled, pending=enabled)
    known = known if enabled else replace(known, instances=(), clients=())
    document = to_parted("site", [known])
    assert plan(from_parted(document, "site", [known]), [known], Policy()).actions == []


def test_host_of_several_cards():
    known = [
        card("A100-40", instance("3g.20gb", 4, [(2, 0), (1, 2)])),
        card("A100-40", index=1, enabled=False, pending=False),
        card("A100-40", index=2, enabled=None, pending=None, profiles=()),
    ]
    layouts = to_layouts(known)
    assert layouts == [
        {
            "gpus": [{"uuid": "GPU-0"}],
            "mig": "enabled",
            "instances": [{"profile": "3g.20gb", "placement": 4, "compute_instances": {"2c": 1, "1c": 1}}],
        },
        {"gpus": [{"uuid": "GPU-1"}], "mig": "disabled"},
    ]
    assert plan(layouts, known, Policy()).actions == []
    entries = to_parted("site", known)["mig-configs"]["site"]
    assert [entry["mig-devices"] for entry in entries] == [{"1c.3g.20gb": 1, "2c.3g.20gb": 1}, {}]
    assert plan(from_parted(to_parted("site", known), None, known), known, Policy()).actions == []


def test_layouts_that_nobody_wrote_are_called_by_their_configuration():
    without = replace(card("A100-40"), enabled=None)
    wrong = [{"gpus": "all", "instances": {"9g.99gb": 1}}]
    for name, from_file, words in (
        ("all-enabled", False, "mig_config (the option config), which is 'all-enabled', asks for MIG on GPU 0"),
        ("a", True, "mig_from_file (the option from_file), configuration 'a', asks for MIG on GPU 0"),
        (None, True, "mig_from_file (the option from_file), its only configuration, asks for MIG on GPU 0"),
    ):
        (problem,) = judge(wrong, [without], Policy(), source.called(name, from_file)).problems
        assert problem.problem.startswith(words)
    (problem,) = judge(wrong, [card("A100-40")], Policy(), source.called("a", True)).problems
    assert problem.problem.startswith("mig_from_file (the option from_file), configuration 'a', instances['9g.99gb']")
