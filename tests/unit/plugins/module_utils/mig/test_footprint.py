# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of MIG layouts stays in force."""

from __future__ import annotations

import json

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.mig import footprint
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.drm import Drm


def test_mode_and_instances_are_told_with_what_ends_them():
    layouts = [
        {"gpus": "all", "mig": "enabled", "instances": {"1g.5gb": 7}},
        {"gpus": [{"index": 1}], "mig": "disabled"},
        {"gpus": [{"index": 2}]},
    ]
    told = [(entry.what, entry.value, entry.reboot) for entry in footprint.in_force(json.dumps({"mig": layouts}))]
    assert told == [
        ("MIG instances of all GPUs", '{"1g.5gb": 7}', True),
        ("MIG of all GPUs", "on", True),
        ('MIG of the GPUs [{"index": 1}]', "off", False),
        ('MIG of the GPUs [{"index": 2}]', "on", True),
    ]


@pytest.mark.parametrize("config", [None, "", "{", "[]", '{"mig": 5}', '{"mig": [5]}'])
def test_configuration_that_is_damaged_says_nothing(config):
    assert footprint.in_force(config) == ()


def test_module_that_a_run_left_unloaded_is_told_with_what_loads_it():
    (told,) = footprint.unloaded(Drm(False, left=True, parameters=("modeset=Y",)))
    assert (told.what, told.value, told.by_hand, told.reboot) == (
        "the kernel module nvidia_drm",
        "unloaded",
        "modprobe nvidia_drm modeset=Y",
        True,
    )
    assert footprint.unloaded(Drm(False)) == footprint.unloaded(Drm(True)) == ()
