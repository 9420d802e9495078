# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide to MIG says of the models what the catalogue knows."""

from __future__ import annotations

import re

import pytest
import yaml
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import catalogue
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.plan import Policy, plan
from ansible_collections.edgesite.gpu.plugins.modules import mig_layout
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import card

DOCS = ROOT / "docs"
GUIDE = (DOCS / "mig.md").read_text(encoding="utf-8").splitlines()
MODELS = [model for model in catalogue.MODELS if model.mig]
SEVEN = [model for model in MODELS if model.mig.slices == 7]


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def yes(value):
    return "yes" if value else "no"


def memory(profile):
    return f"{profile.memory_mib / 1024:.1f}"


def starts(profile):
    return ", ".join(str(start) for start in profile.starts)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.key)
def test_model(model):
    mig = model.mig
    needs, keeps = yes(mig.mode_change_needs_reset), yes(mig.mode_survives_reboot)
    assert row(model.name, mig.min_driver, mig.slices, mig.memory_slices, needs, keeps) in GUIDE


def profile_cells(model):
    plain = [profile for profile in model.mig.profiles if "+me" not in profile.name]
    return [f"`{profile.name}` {memory(profile)}" for profile in plain]


@pytest.mark.parametrize("model", SEVEN, ids=lambda model: model.key)
def test_profiles_of_the_models_of_seven_slices(model):
    cells = profile_cells(model)
    alike = [other.name.replace("NVIDIA ", "") for other in SEVEN if profile_cells(other) == cells]
    assert row(", ".join(alike), *cells) in GUIDE


def test_models_whose_double_memory_has_more_multiprocessors():
    """On Hopper and later, but on the H100 PCIe and H800 PCIe."""
    by_constant = [(model, {profile.constant: profile.sms for profile in model.mig.profiles}) for model in SEVEN]
    without = {model.key for model, sms in by_constant if sms[9] == sms[0]}
    assert without == {model.key for model in SEVEN if model.architecture == "ampere"} | {
        "H100-80-PCIE",
        "H800-80-PCIE",
    }


@pytest.mark.parametrize("number", range(7))
def test_places_of_the_models_of_seven_slices(number):
    profiles = [model.mig.profiles[number] for model in SEVEN]
    first = profiles[0]
    # One row tells of all of them only as long as they are alike.
    assert {(profile.size, profile.starts, profile.max_count) for profile in profiles} == {
        (first.size, first.starts, first.max_count)
    }
    names = ("`1g`", "`1g+me`", "`1g`, double memory", "`2g`", "`3g`", "`4g`", "`7g`")
    assert row(names[number], first.max_count, first.size, starts(first)) in GUIDE


@pytest.mark.parametrize(
    ("key", "number"),
    [(key, number) for key in ("A30", "RTXPRO6000") for number in range(len(catalogue.by_key(key).mig.profiles))],
)
def test_profile_of_the_other_models(key, number):
    profile = catalogue.by_key(key).mig.profiles[number]
    assert row(f"`{profile.name}`", memory(profile), profile.max_count, profile.size, starts(profile)) in GUIDE


def test_models_without_a_table_of_their_own_have_the_profiles_of_one_that_has():
    told = [catalogue.by_key(key).mig.profiles for key in ("A30", "RTXPRO6000")]
    assert all(model in SEVEN or model.mig.profiles in told for model in MODELS)


def layouts_in(found):
    """Every value of layouts or mig_layouts, and each part of an example that is instances only."""
    if isinstance(found, dict):
        for key, value in found.items():
            if key in ("layouts", "mig_layouts") and isinstance(value, list):
                yield value
            elif key == "instances":
                yield [{"gpus": [{"model": "A100"}], "instances": value}]
            else:
                yield from layouts_in(value)
    elif isinstance(found, list):
        for value in found:
            yield from layouts_in(value)


def examples():
    texts = [mig_layout.EXAMPLES]
    for name in ("mig.md", "modules/mig_layout.md", "modules/mig_layout_info.md"):
        blocks = re.findall(r"^```yaml\n(.*?)^```", (DOCS / name).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
        # An example may show the same key twice, one after the other.
        texts += [part for block in blocks for part in re.split(r"\n\n(?=instances:)", block)]
    return [layouts for text in texts for layouts in layouts_in(yaml.safe_load(text))]


@pytest.mark.parametrize("layouts", examples(), ids=str)
def test_example_can_be_had(layouts):
    host = [card("A100-40"), card("H100-80", index=1)]
    # An example's UUID is of no card here.
    layouts = [layout for layout in layouts if "uuid" not in str(layout["gpus"])]
    assert plan(layouts, host, Policy()).actions


def test_examples_are_found():
    assert len(examples()) == 6
