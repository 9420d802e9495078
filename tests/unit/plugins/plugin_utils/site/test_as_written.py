# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Problems in the names of variables."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils import outcome
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError, combined
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import as_written


@pytest.mark.parametrize(
    ("layer", "told", "written"),
    [
        ("gpu", "settings[1].power_limit is 5000 W", "gpu_settings[1].power_limit is 5000 W"),
        ("gpu", "settings[1] is as settings[0]", "gpu_settings[1] is as gpu_settings[0]"),
        ("gpu", "the settings are damaged", "the settings are damaged"),
        ("gpu", "gpu_settings[0].ecc is set", "gpu_settings[0].ecc is set"),
        ("mig", "layouts[0] asks for MIG on GPU 1", "mig_layouts[0] asks for MIG on GPU 1"),
        ("mig", "layout", "layout"),
        ("jetpack", "power_mode is 60W", "jetpack_power_mode is 60W"),
        ("storage", "volumes[0].device is /dev/sdb", "storage_volumes[0].device is /dev/sdb"),
        ("storage", "pcrs has 24", "storage_pcrs has 24"),
        ("storage", "recovery_certificate is no PEM", "storage_recovery_certificate is no PEM"),
        ("tls", "tcti is '/dev/tpm0'", "tls_tcti is '/dev/tpm0'"),
        ("tls", "services[0].unit lacks", "tls_services[0].unit lacks"),
        ("identity", "subject.country is 'Germany'", "identity_subject.country is 'Germany'"),
        ("driver", "Packages are held", "Packages are held"),
    ],
)
def test_a_problem_has_the_name_of_the_variable(layer, told, written):
    failed = as_written.failure(layer, outcome.failure(EdgesiteError(told, "Do this"), 0))
    assert failed["problems"] == [{"problem": written, "fix": "Do this"}]
    assert failed["msg"] == written + ". Do this."


def test_each_problem_is_renamed():
    error = combined([EdgesiteError("settings[0].ecc is set", "a"), EdgesiteError("settings[1].ecc is set", "b")])
    failed = as_written.failure("gpu", outcome.failure(error, 0))
    told = [one["problem"] for one in failed["problems"]]
    assert told == ["gpu_settings[0].ecc is set", "gpu_settings[1].ecc is set"]
    assert failed["msg"].endswith("(1) gpu_settings[0].ecc is set. a. (2) gpu_settings[1].ecc is set. b.")


@pytest.mark.parametrize("answer", [{"changed": False}, {"failed": True, "msg": "no"}])
def test_what_tells_no_problem_stays(answer):
    assert as_written.failure("gpu", answer) == answer
