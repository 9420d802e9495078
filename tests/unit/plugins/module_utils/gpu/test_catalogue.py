# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue holds together: what must agree within a model, and across them, does."""

from __future__ import annotations

import re

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import catalogue

BY_KEY = pytest.mark.parametrize("model", catalogue.MODELS, ids=catalogue.keys())
WITH_MIG = pytest.mark.parametrize(
    "model", [model for model in catalogue.MODELS if model.mig], ids=lambda model: model.key
)


def version(text):
    return tuple(int(part) for part in text.split("."))


def test_the_models_that_the_site_is_planned_with_are_there():
    assert set(catalogue.keys()) >= {
        "T4",
        "A30",
        "A100-40",
        "A100-80",
        "A6000",
        "L4",
        "L40S",
        "H100-80",
        "H200",
        "B200",
    }
    names = [name for model in catalogue.MODELS for name in (model.name, *model.other_names)]
    devices = [device for model in catalogue.MODELS for device in model.pci_device_ids]
    for known in (catalogue.keys(), names, devices):
        assert len(set(known)) == len(known)


@pytest.mark.parametrize(
    ("device", "name"),
    [
        (0x20F1, "NVIDIA A100-PCIE-40GB"),
        (0x20B5, "NVIDIA A100 80GB PCIe"),
        (0x20F3, "NVIDIA A800-SXM4-80GB"),
        (0x2331, "NVIDIA H100 PCIe"),
        (0x2321, "NVIDIA H100 NVL"),
        (0x2324, "NVIDIA H800"),
        (0x2329, "NVIDIA H20"),
        (0x2342, "NVIDIA GH200 480GB"),
        (0x2348, "NVIDIA GH200 144G HBM3e"),
        (0x233B, "NVIDIA H200 NVL"),
        (0x2941, "NVIDIA GB200"),
        (0x3182, "NVIDIA B300 SXM6 AC"),
        (0x31C2, "NVIDIA GB300"),
        (0x2BB1, "NVIDIA RTX PRO 6000 Blackwell Workstation Edition"),
        (0x2BB4, "NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition"),
    ],
)
def test_variant_of_a_card_is_a_model_of_its_own(device, name):
    model = catalogue.by_pci_device(device)
    assert model.name == name and model.mig


@BY_KEY
def test_a_model_is_found_by_key_name_and_pci_device(model):
    assert catalogue.by_key(model.key) is model
    assert all(catalogue.by_name(name) is model for name in (model.name, *model.other_names))
    assert all(catalogue.by_pci_device(device) is model for device in model.pci_device_ids)


def test_what_is_not_there_is_not_found():
    assert catalogue.by_key("GTX") is None
    assert catalogue.by_name("NVIDIA A100-SXM4") is None
    assert catalogue.by_pci_device(0x1234) is None
    assert catalogue.by_pci_device(0x1EB8, vendor=0x1002) is None


@BY_KEY
def test_figures_are_in_order(model):
    power, clocks, heat = model.power, model.clocks, model.temperature
    assert 0 < power.idle_mw < power.min_mw <= power.default_mw <= power.max_mw
    assert (
        clocks.graphics_min
        <= clocks.graphics_idle
        <= clocks.graphics_app_default
        <= clocks.graphics_max
        == clocks.sm_max
    )
    # a clock of half a MHz is told without the half
    assert (clocks.graphics_max + 0.5 - clocks.graphics_min) % clocks.graphics_step in (0, 0.5)
    assert list(clocks.memory) == sorted(clocks.memory, reverse=True)
    assert (clocks.memory_max, clocks.memory_min) == (clocks.memory[0], clocks.memory[-1])
    assert heat.gpu_max <= heat.slowdown < heat.shutdown
    assert 0 < model.reserved_mib < model.memory_mib
    assert re.fullmatch(r"\d{3}\.\d{2,3}(\.\d{2})?", model.min_driver)
    assert model.open_modules_possible or not model.open_modules_required
    assert model.ecc_supported or not model.ecc_default


@BY_KEY
def test_open_modules_are_required_from_blackwell_on_and_with_grace(model):
    assert model.open_modules_required == (model.architecture == "blackwell" or model.key.startswith("GH200"))


@WITH_MIG
def test_the_mode_is_kept_where_changing_it_takes_a_reset(model):
    assert model.mig.mode_change_needs_reset == model.mig.mode_survives_reboot == (model.architecture == "ampere")
    assert version(model.mig.min_driver) >= max((450,), version(model.min_driver))


@WITH_MIG
def test_profiles_fit_their_card(model):
    mig = model.mig
    assert len({profile.constant for profile in mig.profiles}) == len(mig.profiles)
    assert len({profile.id for profile in mig.profiles}) == len(mig.profiles)
    assert len({profile.name for profile in mig.profiles}) == len(mig.profiles)
    for profile in mig.profiles:
        assert profile.placements == tuple((start, profile.size) for start in sorted(profile.default_order))
        assert all(start + profile.size <= mig.memory_slices for start in profile.starts)
        assert len(set(profile.starts)) == len(profile.starts)
        assert profile.memory_mib <= model.memory_mib and profile.sms <= model.sms
        assert 1 <= profile.max_count <= len(profile.starts)
        assert re.match(rf"{profile.slices}g\.\d+gb", profile.name)
        assert mig.profile_by_id(profile.id) is profile and mig.profile_by_name(profile.name) is profile
    assert mig.profile_by_id(999) is None and mig.profile_by_name("9g") is None


@WITH_MIG
def test_a_full_set_of_any_profile_stays_within_the_card(model):
    for profile in model.mig.profiles:
        assert profile.max_count * profile.memory_mib <= model.memory_mib
        assert profile.max_count * profile.sms <= model.sms
        assert profile.max_count * profile.slices <= model.mig.slices


def test_placements_that_the_guide_gives():
    mig = catalogue.by_key("A100-40").mig
    assert mig.profile_by_name("1g.5gb").starts == (0, 1, 2, 3, 4, 5, 6)
    assert mig.profile_by_name("1g.10gb").placements == ((0, 2), (2, 2), (4, 2), (6, 2))
    assert mig.profile_by_name("3g.20gb").placements == ((0, 4), (4, 4))
    assert mig.profile_by_name("7g.40gb").placements == ((0, 8),)
    assert catalogue.by_key("RTXPRO6000").mig.profile_by_name("1g.24gb").placements == ((0, 3), (3, 3), (6, 3), (9, 3))
