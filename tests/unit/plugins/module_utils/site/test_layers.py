# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.site.layers import LAYERS, called, need_nvml

NAMES = [layer.name for layer in LAYERS]


def test_each_layer_comes_after_those_it_builds_on():
    assert len(set(NAMES)) == len(NAMES)
    for layer in LAYERS:
        assert set(layer.after) <= set(NAMES[: NAMES.index(layer.name)]), layer.name


def test_a_variable_calls_for_one_layer_whose_name_it_begins_with():
    for layer in LAYERS:
        assert layer.variables
        for name in [*layer.variables, *layer.specs]:
            assert name.startswith(layer.name + "_")


def test_layers_that_variables_call_for():
    assert called({}) == called({"driver_flavour": "open"}) == []
    assert called({"driver_branch": None, "jetpack_suite": "", "jetpack_hold": False}) == []
    asked = {"tls_proxies": [], "mig_from_file": "layouts.yaml", "jetpack_hold": True}
    assert [layer.name for layer in called(asked)] == ["jetpack", "mig", "tls"]


@pytest.mark.parametrize(
    ("variables", "needed"),
    [
        ({"mig_from_file": "layouts.yaml"}, True),
        ({"gpu_settings": []}, True),
        ({"gpu_settings": [], "driver_version": "580.95.05"}, False),
        ({"driver_branch": "580"}, False),
        ({"storage_volumes": []}, False),
    ],
)
def test_a_driver_that_the_run_installs_need_not_work_yet(variables, needed):
    assert need_nvml(variables) is needed
