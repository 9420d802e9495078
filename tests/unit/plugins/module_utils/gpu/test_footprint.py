# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a GPU's settings stays in force."""

from __future__ import annotations

import json

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import footprint
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.changed import Entry


def test_each_setting_is_told_with_what_ends_it():
    settings = [
        {"gpus": "all", "persistence_mode": True, "power_limit": "300", "gpu_clocks": {"min": 900, "max": 900}},
        {"gpus": [{"index": 1}], "ecc": False, "power_limit": "default"},
    ]
    told = {entry.what: entry for entry in footprint.in_force(json.dumps({"settings": settings}))}
    assert {what: entry.value for what, entry in told.items()} == {
        "persistence_mode of all GPUs": "true",
        "power_limit of all GPUs": "300 W",
        'ecc of the GPUs [{"index": 1}]': "false",
        'power_limit of the GPUs [{"index": 1}]': "default",
    }
    assert told["power_limit of all GPUs"].reboot and not told['ecc of the GPUs [{"index": 1}]'].reboot


def test_locked_clocks_are_told_by_their_note():
    (told,) = footprint.clocks({"GPU-1": {"gpu_clocks": (900, 1200), "unknown": (1, 2)}})
    assert (told.what, told.value, told.by_hand) == ("gpu_clocks of GPU-1", "900-1200 MHz", "nvidia-smi -rgc")


@pytest.mark.parametrize("config", [None, "", "{", "[]", '{"settings": 5}', '{"settings": [5]}'])
def test_configuration_that_is_damaged_says_nothing(config):
    assert footprint.in_force(config) == ()


def test_what_was_changed_is_told_with_the_command_for_the_value_before():
    noted = {
        "GPU-1": {
            "power_limit": Entry(350500, (300000, 250000)),
            "ecc": Entry(True, (False,)),
            "compute_mode": Entry("exclusive_process", ("default",)),
            "persistence_mode": Entry(False, (True,)),
            "gpu_clocks": Entry(None, ((900, 900),)),
        }
    }
    assert [(one.what, one.value, one.by_hand) for one in footprint.changed(noted)] == [
        ("compute_mode of GPU-1", "default", "nvidia-smi -i GPU-1 -c EXCLUSIVE_PROCESS"),
        ("ecc of GPU-1", "false", "nvidia-smi -i GPU-1 -e 1, and a reboot"),
        ("persistence_mode of GPU-1", "true", "nvidia-smi -i GPU-1 -pm 0"),
        ("power_limit of GPU-1", "250 W", "nvidia-smi -i GPU-1 -pl 350.5"),
    ]
