# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a host beside what its layers say."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils.site import preflight

FACTS = {"driver": {"nvml_status": "ok"}}


def texts(found):
    assert all(error.fix for error in found)
    return [error.problem for error in found]


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


def test_models_that_no_gpu_of_the_site_is():
    wanted = {"gpu_settings": [{"gpus": [{"model": "A100"}]}], "mig_layouts": [{"gpus": [{"model": "A1000"}]}]}
    assert preflight.unmatched_models(wanted, ["NVIDIA A100-SXM4-40GB"]) == ["A1000"]
    assert preflight.unmatched_models(wanted, []) == ["A100", "A1000"]
