# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the configuration files of nvidia-mig-parted 0.15 ask of their cards, planned on each.

Derived from config-default.yaml and the examples there: profiles and how many of each, by the cards that they are for.
"""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import catalogue
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.selectors import GpuId
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.actions import MakeGpuInstance
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.card import Card
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.plan import Policy, plan
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.source import from_parted
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import card

AMPERE_40 = ("A100-40", "A100-40-PCIE", "A800-40", "A800-40-ACTIVE")
AMPERE_80 = ("A100-80", "A100-80-PCIE", "A800-80", "A800-80-PCIE")
HOPPER_80 = ("H100-80", "H100-80-PCIE", "H800-80", "H800-80-PCIE")
NVL_94 = ("H100-NVL", "H800-NVL")
WITH_96 = ("GH200-96", "H20")
WITH_141 = ("H200", "H200-NVL")
RTX = ("RTXPRO6000", "RTXPRO6000-WS", "RTXPRO6000-MAXQ")

# Each all-PROFILE, and all-balanced at the end
FILES = (
    (("A30",), "4x1g.6gb 1x1g.6gb+me 2x2g.12gb 1x2g.12gb+me 1x4g.24gb", "2x1g.6gb 1x2g.12gb"),
    (
        AMPERE_40,
        "7x1g.5gb 1x1g.5gb+me 4x1g.10gb 3x2g.10gb 2x3g.20gb 1x4g.20gb 1x7g.40gb",
        "2x1g.5gb 1x2g.10gb 1x3g.20gb",
    ),
    (
        AMPERE_80 + HOPPER_80,
        "7x1g.10gb 1x1g.10gb+me 4x1g.20gb 3x2g.20gb 2x3g.40gb 1x4g.40gb 1x7g.80gb",
        "2x1g.10gb 1x2g.20gb 1x3g.40gb",
    ),
    (
        NVL_94,
        "7x1g.12gb 1x1g.12gb+me 4x1g.24gb 3x2g.24gb 2x3g.47gb 1x4g.47gb 1x7g.94gb",
        "2x1g.12gb 1x2g.24gb 1x3g.47gb",
    ),
    (
        WITH_96,
        "7x1g.12gb 1x1g.12gb+me 4x1g.24gb 3x2g.24gb 2x3g.48gb 1x4g.48gb 1x7g.96gb",
        "2x1g.12gb 1x2g.24gb 1x3g.48gb",
    ),
    (
        WITH_141,
        "7x1g.18gb 1x1g.18gb+me 4x1g.35gb 3x2g.35gb 2x3g.71gb 1x4g.71gb 1x7g.141gb",
        "2x1g.18gb 1x2g.35gb 1x3g.71gb",
    ),
    (
        ("GH200-144",),
        "7x1g.18gb 1x1g.18gb+me 4x1g.36gb 3x2g.36gb 2x3g.72gb 1x4g.72gb 1x7g.144gb",
        "2x1g.18gb 1x2g.36gb 1x3g.72gb",
    ),
    (
        ("B200",),
        "7x1g.23gb 1x1g.23gb+me 4x1g.45gb 3x2g.45gb 2x3g.90gb 1x4g.90gb 1x7g.180gb",
        "2x1g.23gb 1x2g.45gb 1x3g.90gb",
    ),
    (
        ("GB200",),
        "7x1g.23gb 1x1g.23gb+me 4x1g.47gb 3x2g.47gb 2x3g.93gb 1x4g.93gb 1x7g.186gb",
        "2x1g.23gb 1x2g.47gb 1x3g.93gb",
    ),
    (
        ("B300",),
        "7x1g.34gb 1x1g.34gb+me 4x1g.67gb 3x2g.67gb 2x3g.135gb 1x4g.135gb 1x7g.269gb",
        "2x1g.34gb 1x2g.67gb 1x3g.135gb",
    ),
    (
        ("GB300",),
        "7x1g.35gb 1x1g.35gb+me 4x1g.70gb 3x2g.70gb 2x3g.139gb 1x4g.139gb 1x7g.278gb",
        "2x1g.35gb 1x2g.70gb 1x3g.139gb",
    ),
    (
        RTX,
        "4x1g.24gb 1x1g.24gb+me 4x1g.24gb+gfx 1x1g.24gb+me.all 4x1g.24gb-me 2x2g.48gb 2x2g.48gb+gfx 1x2g.48gb+me.all "
        "2x2g.48gb-me 1x4g.96gb 1x4g.96gb+gfx",
        "2x1g.24gb 1x2g.48gb",
    ),
)
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
    counts = {name: int(count) for count, _x, name in (one.partition("x") for one in wanted)}
    found = {"devices": devices, "mig-enabled": bool(wanted), "mig-devices": counts}
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
    return sorted(name for one in wanted for name in [one.partition("x")[2]] * int(one.partition("x")[0]))


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
    count = int(wanted.partition("x")[0])
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
