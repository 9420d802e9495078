# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import catalogue
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.names import compute_slices, find, parse
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import MODELS, card, profile
from hypothesis import given
from hypothesis import strategies as st

EVERY = [(model, known) for model in MODELS for known in card(model).profiles]
# any text, and text that is nearly a name
PARTS = (
    "mig ",
    "1c.",
    "9c.",
    "0",
    "1g",
    "3g",
    "g",
    ".5gb",
    ".20gb",
    ".00000gb",
    "+me",
    "-me",
    "+gfx",
    ".all",
    "+",
    " ",
)
TEXTS = st.text(max_size=12) | st.lists(st.sampled_from(PARTS), max_size=5).map("".join)


def found(text, model):
    return find("instances", text, card(model).profiles, "0 a card").name


@pytest.mark.parametrize(("model", "known"), EVERY)
def test_every_profile_is_found_by_its_name_however_it_is_written(model, known):
    for text in (known.name, "MIG " + known.name, known.name.upper(), f" {known.name}\n"):
        assert found(text, model) == known.name
    for slices in range(1, known.slices + 1):
        assert found(f"{slices}c.{known.name}", model) == known.name
        assert parse(f"{slices}c.{known.name}").compute == slices


@pytest.mark.parametrize(
    ("text", "model", "name"),
    [
        # without memory: the one that has the least
        ("2g", "A100-40", "2g.10gb"),
        ("1g", "A100-40", "1g.5gb"),
        ("1g", "H100-80", "1g.10gb"),
        ("1g+me", "A100-40", "1g.5gb+me"),
        ("7g", "H200", "7g.141gb"),
        ("1g.10gb", "A100-40", "1g.10gb"),
        ("1c.3g.20gb", "A100-40", "3g.20gb"),
        # drivers round memory in their own way
        ("1g.24gb", "B200", "1g.23gb"),
        ("7g.178gb", "B200", "7g.180gb"),
        ("1g.24gb+me", "B200", "1g.23gb+me"),
        ("MIG 3g.40gb", "A100-80", "3g.40gb"),
        # attributes tell profiles apart, in any order
        ("1g.24gb", "RTXPRO6000", "1g.24gb"),
        ("1g-me", "RTXPRO6000", "1g.24gb-me"),
        ("1g.24gb+gfx", "RTXPRO6000", "1g.24gb+gfx"),
        ("2g.48gb+me.all", "RTXPRO6000", "2g.48gb+me.all"),
    ],
)
def test_name_means(text, model, name):
    assert found(text, model) == name


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("1g.5gb", "A100-80"),
        # of other cards
        ("4g.96gb", "B200"),
        ("1g.16gb", "H200"),
        ("3g.48gb", "A100-80"),
        ("1g.12gb", "H100-80"),
        ("3g.20gb", "H100-80"),
        ("1g.23gb", "H200"),
        ("5g", "A100-40"),
        ("2g+me", "A100-40"),
        ("2g.10gb+gfx", "A100-40"),
        ("7g.40gb", "A30"),
        ("0g", "A30"),
        ("3g20gb", "A100-40"),
        ("", "A100-40"),
    ],
)
def test_name_of_no_profile_is_refused_with_those_of_the_card(text, model):
    with pytest.raises(EdgesiteError) as caught:
        found(text, model)
    assert f"instances is {text!r}, which is not a profile of GPU 0 a card" in str(caught.value)
    for known in card(model).profiles:
        assert known.name in str(caught.value)


def test_attributes_in_any_order_and_slices_of_a_part():
    assert parse("1g.5gb+me+gfx") == parse("1g.5gb+gfx+me")
    assert compute_slices("2c") == compute_slices(" 2C ") == 2
    assert compute_slices("2g") is compute_slices("0c") is compute_slices("") is None


def test_profile_with_a_name_that_follows_no_rule_is_in_no_ones_way():
    odd = replace(profile("1g.5gb"), name="a new kind")
    profiles = (odd, profile("1g.5gb"))
    assert find("instances", "1g", profiles, "0") is profiles[1]
    with pytest.raises(EdgesiteError, match="it has a new kind, 1g.5gb"):
        find("instances", "a new kind", profiles, "0")
    with pytest.raises(EdgesiteError):
        find("instances", "1g", (), "0")


@given(TEXTS, st.sampled_from(MODELS))
def test_any_text_is_a_profile_of_the_card_or_refused(text, model):
    assert parse(text) is None or text.strip()
    compute_slices(text)
    try:
        name = found(text, model)
    except EdgesiteError as refused:
        assert refused.fix
    else:
        assert catalogue.by_key(model).mig.profile_by_name(name)
        assert parse(text)[1] == parse(name)[1] and parse(text)[3] == parse(name)[3]
