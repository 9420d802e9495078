# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the configuration files of nvidia-mig-parted ask of their cards, planned on each."""

from __future__ import annotations

from collections import Counter

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import catalogue
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.selectors import GpuId
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.actions import MakeGpuInstance
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.card import Card
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.plan import Policy, plan
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.source import from_parted
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import card
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.parted_files import FILES, counts

EVERY = [
    (key, wanted)
    for keys, alone, balanced in FILES
    for key in keys
    for wanted in [*((one,) for one in alone.split()), tuple(balanced.split())]
]
# Files and drivers disagree in names: of GB200's in its first releases, and in what mig-parted added later
OTHER_NAMES = [
    ("GB200", "7x1g.24gb", "1g.23gb"),
    ("GB200", "2x3g.95gb", "3g.93gb"),
    ("GB200", "1x4g.95gb", "4g.93gb"),
    ("GB200", "1x7g.189gb", "7g.186gb"),
]


def of_model(key, index=0):
    return card(key, index=index, pci_id=catalogue.by_key(key).pci_device_ids[0] << 16 | 0x10DE)


def entry(*wanted, devices="all", device_filter=None):
    """wanted: counts and profiles, as 7x1g.5gb; none is MIG off."""
    found = {"devices": devices, "mig-enabled": bool(wanted), "mig-devices": counts(wanted)}
    return {**found, "device-filter": device_filter} if device_filter else found


def made(entries, cards):
    """The names of the instances that a run creates, by GPU."""
    document = {"version": "v1", "mig-configs": {"wanted": entries}}
    actions = plan(from_parted(document, None, cards), cards, Policy()).actions
    found = {one.gpu.index: [] for one in cards}
    for action in actions:
        if isinstance(action, MakeGpuInstance):
            found[action.gpu.index].append(action.profile.name)
    return {index: sorted(names) for index, names in found.items()}


def names(*wanted):
    return sorted(Counter(counts(wanted)).elements())


def test_every_card_with_mig_is_in_the_table():
    assert sorted({key for key, _wanted in EVERY}) == sorted(model.key for model in catalogue.MODELS if model.mig)


@pytest.mark.parametrize(("key", "wanted"), EVERY)
def test_configuration_on_its_own_card(key, wanted):
    own = of_model(key)
    assert made([entry(*wanted)], [own]) == {0: names(*wanted)}
    filtered = entry(*wanted, device_filter=[f"0x{own.pci_id:08X}"])
    assert made([filtered], [own]) == {0: names(*wanted)}


@pytest.mark.parametrize(("key", "wanted", "name"), OTHER_NAMES)
def test_other_name_of_the_same_profile(key, wanted, name):
    (count,) = counts([wanted]).values()
    assert made([entry(wanted)], [of_model(key)]) == {0: [name] * count}


@pytest.mark.parametrize(
    ("key", "wanted", "why"),
    [
        ("B200", "1x4g.96gb", "is not a profile of GPU 0 NVIDIA B200"),
        ("A100-40", "7x1g.10gb", "7 of 1g.10gb are wanted, but the card has at most 4"),
        ("H100-80", "1x3g.47gb", "is not a profile"),
        ("H200", "7x1g.12gb", "is not a profile"),
        ("A30", "1x3g.20gb", "is not a profile"),
        ("RTXPRO6000-WS", "1x7g.94gb", "is not a profile"),
    ],
)
def test_configuration_of_another_card(key, wanted, why):
    with pytest.raises(EdgesiteError, match=why):
        made([entry(wanted)], [of_model(key)])


def test_filter_of_another_card():
    with pytest.raises(EdgesiteError, match="matches no GPU of this host"):
        made([entry("7x1g.18gb", device_filter="0x233510DE")], [of_model("H100-80")])


def test_eight_cards_by_index():
    cards = [of_model("A100-40", index) for index in range(8)]
    balanced = ("2x1g.5gb", "1x2g.10gb", "1x3g.20gb")
    entries = [
        entry(devices=[0, 1, 2, 3]),
        entry("7x1g.5gb", devices=[4]),
        entry("3x2g.10gb", devices=[5]),
        entry("2x3g.20gb", devices=[6]),
        entry(*balanced, devices=[7]),
    ]
    instances = {4: names("7x1g.5gb"), 5: names("3x2g.10gb"), 6: names("2x3g.20gb"), 7: names(*balanced)}
    assert made(entries, cards) == {**{index: [] for index in range(4)}, **instances}


def test_station_with_a_display_card_among_the_others():
    display = Card(GpuId(3, "GPU-3", "0000:1a:00.0", "NVIDIA T1000"), None, pci_id=0x1FB010DE)
    cards = [of_model("A100-80", index) if index != 3 else display for index in range(5)]
    entries = [
        entry(devices=[0], device_filter="0x20B210DE"),
        entry("2x3g.40gb", devices=[1], device_filter="0x20B210DE"),
        entry("3x2g.20gb", "1x1g.10gb", devices=[2], device_filter="0x20B210DE"),
        entry("7x1g.10gb", devices=[4], device_filter="0x20B210DE"),
        entry(devices=[3], device_filter="0x1FB010DE"),
    ]
    instances = {1: names("2x3g.40gb"), 2: names("3x2g.20gb", "1x1g.10gb"), 4: names("7x1g.10gb")}
    assert made(entries, cards) == {0: [], **instances, 3: []}
