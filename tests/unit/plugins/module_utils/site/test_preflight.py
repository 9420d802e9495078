# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host cannot have, by its variables and its facts."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.site import preflight

CARD = {
    "index": 0,
    "uuid": "GPU-aaaa",
    "pci_bus_id": "0000:17:00.0",
    "name": "Tesla T4",
    "persistence_mode": False,
    "compute_mode": "default",
    "ecc": None,
    "mig": None,
    "power_w": {"limit": 70.0, "default_limit": 70.0, "min_limit": 60.0, "max_limit": 70.0},
    "clocks_mhz": {"min_graphics": 300, "max_graphics": 1590, "min_memory": 405, "max_memory": 5001},
}
MIG_OFF = {"current": False, "pending": False, "resetless": False, "max_devices": 7, "gpu_instances": []}
A100 = {
    **CARD,
    "index": 1,
    "uuid": "GPU-bbbb",
    "name": "NVIDIA A100-SXM4-40GB",
    "pci_device_id": "20b0",
    "mig": MIG_OFF,
    "vgpu": {"virtualization_mode": "none"},
    "processes": [],
}
HELD = {
    "id": 2,
    "profile": "MIG 3g.20gb",
    "profile_id": 9,
    "slices": 3,
    "multiprocessors": 42,
    "placement": {"start": 4, "size": 4},
    "memory_mib": 19968,
    "compute_instances": [
        {
            "id": 0,
            "profile": "MIG 3g.20gb",
            "slices": 3,
            "multiprocessors": 42,
            "placement": {"start": 0, "size": 3},
            "uuid": "MIG-1",
        }
    ],
}
BUSY = {
    **A100,
    "mig": {**MIG_OFF, "current": True, "pending": True, "gpu_instances": [HELD]},
    "processes": [{"pid": 7, "name": "triton", "gpu_instance_id": 2, "compute_instance_id": 0}],
}


FACTS = {"driver": {"nvml_status": "ok"}}


def texts(found):
    assert all(error.fix for error in found)
    return [error.problem for error in found]


def of_mig(layouts, *gpus, **more):
    """As the forms of variables give the layouts: with every key."""
    whole = [{"mig": "enabled", "instances": None, **layout} for layout in layouts]
    return preflight.of_mig({"mig_layouts": whole, **more}, {**FACTS, "gpus": list(gpus)})


def of_gpu(entry, *gpus):
    names = ("persistence_mode", "ecc", "compute_mode", "power_limit", "gpu_clocks", "memory_clocks")
    settings = [{**dict.fromkeys(names), "gpus": "all", **entry}]
    return preflight.of_gpu({"gpu_settings": settings}, {**FACTS, "gpus": list(gpus)})


def test_every_setting_that_a_card_cannot_have_is_a_problem():
    power, ecc = texts(of_gpu({"power_limit": "500", "ecc": True}, CARD))
    assert "60 W to 70 W" in power + ecc and "ecc is set for GPU 0 Tesla T4" in power + ecc


def test_mig_on_a_card_without_it_is_a_problem_for_that_card_only():
    (problem,) = texts(of_mig([{"gpus": "all"}], CARD, A100))
    assert "Tesla T4" in problem and problem.startswith("mig_layouts[0]")


def test_card_whose_driver_hides_mig_is_judged_by_the_driver_of_the_host():
    hidden = {**A100, "mig": None}
    for version, fix in (("440.33.01", "Use driver 450.80.02 or newer"), ("580.95.05", "Reboot the host; if")):
        info = {"driver": {"nvml_status": "ok", "version": version}, "gpus": [hidden]}
        layouts = [{"gpus": "all", "mig": "enabled", "instances": None}]
        (problem,) = preflight.of_mig({"mig_layouts": layouts}, info)
        assert problem.fix.startswith(fix)


def test_layout_that_cards_offer_is_called_by_its_name():
    info = {**FACTS, "gpus": [BUSY]}
    (problem,) = texts(preflight.of_mig({"mig_layouts": None, "mig_config": "all-1g.5gb"}, info))
    assert problem.startswith("mig_config (the option config), which is 'all-1g.5gb',") or "is in use by" in problem
    assert "layouts[" not in problem


def test_mig_off_asks_nothing_of_a_card():
    assert of_mig([{"gpus": "all", "mig": "disabled"}], CARD) == []


def test_a_model_may_match_nothing_and_an_identity_may_not():
    assert of_mig([{"gpus": [{"model": "H100"}]}], A100) == []
    (problem,) = texts(of_mig([{"gpus": [{"index": 7}]}], A100))
    assert "matches no GPU" in problem


def test_layout_that_the_card_cannot_have_is_a_problem_before_anything_runs():
    (large,) = of_mig([{"gpus": "all", "instances": {"3g.20gb": 3}}], A100)
    assert "mig_layouts[0].instances" in large.problem and "2x 3g.20gb" in large.fix
    (unknown,) = texts(of_mig([{"gpus": "all", "instances": {"5g.30gb": 1}}], A100))
    assert "it has 1g.5gb" in unknown


def test_instance_in_use_is_in_the_way_unless_it_may_be_ended():
    layouts = [{"gpus": "all", "instances": {"2g.10gb": 3}}]
    (held,) = texts(of_mig(layouts, BUSY))
    assert "3g.20gb on slices 4-7 is in use by triton (pid 7)" in held
    assert of_mig(layouts, BUSY, mig_disruption="force") == []
    assert of_mig([{"gpus": "all", "instances": {"3g": 1, "2g": 2}}], BUSY) == []


def test_instances_of_a_card_that_the_catalogue_does_not_know_are_left_to_the_driver():
    new = {**A100, "name": "NVIDIA X1000", "pci_device_id": "ffff"}
    assert of_mig([{"gpus": "all", "instances": {"5g.30gb": 1}}], new) == []
    assert of_mig([{"gpus": [{"index": 7}]}], new)


def test_without_nvml_nothing_is_said_of_cards():
    info = {"driver": {"nvml_status": "library_not_found"}, "gpus": []}
    assert preflight.of_gpu({"gpu_settings": [{"gpus": [{"index": 0}]}]}, info) == []
    assert preflight.of_mig({"mig_layouts": [{"gpus": [{"index": 0}]}]}, info) == []


def test_nvml_is_a_problem_only_where_gpus_are_wanted_but_a_lost_gpu_always_is():
    info = {"driver": {"nvml_status": "library_not_found"}, "unread": [{"what": "tpm", "why": "none", "fix": "f"}]}
    assert preflight.of_nvml(info, wants_gpus=False) == []
    (problem,) = texts(preflight.of_nvml(info, wants_gpus=True))
    assert "libnvidia-ml.so.1 not found" in problem
    assert preflight.of_nvml({"driver": None}, wants_gpus=True)
    assert "nvml_4711" in texts(preflight.of_nvml({"driver": {"nvml_status": "nvml_4711"}}, wants_gpus=True))[0]
    lost = {**FACTS, "unread": [{"what": "gpu 1", "why": "lost", "fix": "f"}]}
    assert texts(preflight.of_nvml(lost, wants_gpus=False)) == ["gpu 1: lost"]
    assert texts(preflight.of_nvml(lost, wants_gpus=True)) == ["gpu 1: lost"]


JETSON = {
    "l4t": {"version": "35.6.1", "major": 35, "minor": 6, "patch": 1},
    "jetpack": "5.1.5",
    "soc": "tegra234",
    "power_modes": [{"id": 0, "name": "MAXN"}, {"id": 1, "name": "15W"}],
}


def of_jetpack(*jetson, **variables):
    return preflight.of_jetpack(variables, {"jetson": jetson[0] if jetson else JETSON})


def test_release_and_power_mode_that_a_jetson_cannot_have_are_problems():
    found = of_jetpack(jetpack_version="6.2.2", jetpack_upgrade="minor", jetpack_power_mode="MAXN_SUPER")
    assert "another major release" in found[0].problem and "image-based" in found[0].fix
    assert "its modes are: MAXN, 15W" in found[1].problem


def test_a_fan_profile_that_the_fans_of_a_jetson_do_not_have():
    fans = {**JETSON, "fan_profiles": ["quiet", "cool"]}
    (problem,) = texts(of_jetpack(fans, jetpack_fan_profile="loud"))
    assert problem.startswith("jetpack_fan_profile is loud") and problem.endswith("quiet, cool")
    assert of_jetpack(fans, jetpack_fan_profile="cool") == of_jetpack(jetpack_fan_profile="loud") == []


def test_modes_and_curves_of_ones_own_are_there_when_they_are_needed():
    fans = {**JETSON, "fan_profiles": ["quiet"]}
    mode = {"name": "EDGE", "base": "15W", "settings": {}}
    own = {"jetpack_power_modes": [mode], "jetpack_fan_curves": [{"name": "cabinet", "points": []}]}
    assert of_jetpack(fans, jetpack_power_mode="EDGE", jetpack_fan_profile="cabinet", **own) == []
    assert len(of_jetpack(fans, jetpack_power_mode="EDGE", jetpack_fan_profile="cabinet")) == 2
    (problem,) = texts(of_jetpack(jetpack_power_modes=[{**mode, "base": "60W"}]))
    assert problem.startswith("jetpack_power_modes[0].base is 60W, which this board does not have")


def test_release_and_power_mode_that_a_jetson_has_are_none():
    assert of_jetpack(jetpack_version="5.1.5", jetpack_power_mode="15W") == []
    assert of_jetpack() == []


@pytest.mark.parametrize("variables", [{"jetpack_version": "6.2"}, {"jetpack_clocks": "max"}, {"jetpack_hold": True}])
def test_jetpack_on_another_host_is_a_problem(variables):
    (problem,) = texts(of_jetpack(None, **variables))
    assert problem == f"{next(iter(variables))} is set, and this host is not a Jetson"


@pytest.mark.parametrize(
    ("judge", "variables", "instead"),
    [
        (preflight.of_gpu, {"gpu_settings": []}, "jetpack_power_mode"),
        (preflight.of_mig, {"mig_layouts": []}, "no MIG"),
        (preflight.of_driver, {"driver_branch": "580"}, "jetpack_version"),
    ],
)
def test_what_is_for_cards_names_the_variables_of_a_jetson(judge, variables, instead):
    (error,) = judge(variables, {"jetson": JETSON})
    assert next(iter(variables)) in error.problem and instead in error.fix


@pytest.mark.parametrize(
    ("tpm", "words"), [(None, "no TPM"), ({"version": "1.2"}, "TPM 1.2"), ({"version": "2.0"}, None)]
)
def test_a_layer_that_needs_a_tpm(tpm, words):
    judge = preflight.of_tpm("tls_services", "tls_proxies")
    found = texts(judge({"tls_services": [{}], "tls_proxies": []}, {"tpm": tpm}))
    assert [problem.startswith("tls_services is set") and words in problem for problem in found] == [True] * bool(words)
    assert judge({"tls_services": []}, {"tpm": None}) == []


def test_models_that_no_gpu_of_the_site_is():
    wanted = {"gpu_settings": [{"gpus": [{"model": "A100"}]}], "mig_layouts": [{"gpus": [{"model": "A1000"}]}]}
    assert preflight.unmatched_models(wanted, ["NVIDIA A100-SXM4-40GB"]) == ["A1000"]
    assert preflight.unmatched_models(wanted, []) == ["A100", "A1000"]


def on_the_bus(device):
    return {"pci_bus_id": "0000:01:00.0", "vendor_id": "10de", "device_id": device}


@pytest.mark.parametrize(
    ("device", "wanted", "words"),
    [
        ("1db4", {"driver_branch": "590"}, "is supported up to branch 580"),
        ("1db4", {"driver_branch": "550", "driver_flavour": "open"}, "does not work with the open kernel modules"),
    ],
)
def test_a_driver_that_a_card_cannot_run(device, wanted, words):
    (problem,) = texts(preflight.of_driver(wanted, {"accelerators": [on_the_bus(device)]}))
    assert words in problem


def test_a_driver_that_can_run():
    others = {**on_the_bus("d802"), "vendor_id": "19e5"}
    assert preflight.of_driver({"driver_branch": "550"}, {"accelerators": [on_the_bus("1eb8"), others]}) == []
    assert preflight.of_driver({"driver_version": "580.95.05"}, {}) == []
