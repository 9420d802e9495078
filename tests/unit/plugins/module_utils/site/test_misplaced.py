# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers that a host of its kind cannot have."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.site import misplaced
from ansible_collections.edgesite.gpu.plugins.module_utils.site.layers import LAYERS

JETSON = {"soc": "tegra234"}
BY_NAME = {layer.name: layer for layer in LAYERS}


def problems(layer, variables, **info):
    found = misplaced.problems(BY_NAME[layer], variables, info)
    assert all(error.fix for error in found)
    return found


@pytest.mark.parametrize("variables", [{"jetpack_version": "6.2"}, {"jetpack_clocks": "max"}, {"jetpack_hold": True}])
def test_jetpack_on_another_host_is_a_problem(variables):
    (error,) = problems("jetpack", variables, jetson=None)
    assert error.problem == f"{next(iter(variables))} is set, and this host is not a Jetson"
    assert problems("jetpack", variables, jetson=JETSON) == problems("jetpack", {"jetpack_version": ""}) == []


@pytest.mark.parametrize(
    ("layer", "variables", "instead"),
    [
        ("gpu", {"gpu_settings": []}, "jetpack_power_mode"),
        ("mig", {"mig_layouts": []}, "no MIG"),
        ("driver", {"driver_branch": "580"}, "jetpack_version"),
    ],
)
def test_what_is_for_cards_names_the_variables_of_a_jetson(layer, variables, instead):
    (error,) = problems(layer, variables, jetson=JETSON)
    assert next(iter(variables)) in error.problem and instead in error.fix
    assert problems(layer, variables, jetson=None) == []


@pytest.mark.parametrize(
    ("tpm", "words"), [(None, "no TPM"), ({"version": "1.2"}, "TPM 1.2"), ({"version": "2.0"}, None)]
)
def test_a_layer_that_needs_a_tpm(tpm, words):
    found = [error.problem for error in problems("tls", {"tls_services": [{}], "tls_proxies": []}, tpm=tpm)]
    assert [problem.startswith("tls_services is set") and words in problem for problem in found] == [True] * bool(words)
    assert problems("tls", {"tls_services": []}, tpm=None) == []
    assert len(problems("storage", {"storage_volumes": [{}]}, tpm=tpm)) == bool(words)
