# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of runs as modules return them."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils import outcome
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.converge import Outcome


def test_a_run_is_told_with_its_diff():
    done = Outcome([{"does": "set it"}], {"a": 1}, {"a": 2}, {"need": "x"})
    told = outcome.result(lambda: done)
    assert told["changed"] and told["diff"] == {"before": {"a": 1}, "after": {"a": 2}} and told["need"] == "x"


def _fail(error):
    def work():
        raise error

    return work


def test_an_error_is_told_with_its_details():
    told = outcome.result(_fail(EdgesiteError("It is odd", "Even it", {"holders": [1]})))
    problems = [{"problem": "It is odd", "fix": "Even it"}]
    assert told == {"failed": True, "msg": "It is odd. Even it.", "problems": problems, "holders": [1]}
    assert "Traceback" in outcome.result(_fail(EdgesiteError("It is odd")), 3)["exception"]


def test_the_status_of_the_hardware_is_that_at_the_root():
    class NvmlError(Exception):
        status = "gpu_is_lost"

    error = EdgesiteError("It is odd")
    error.__cause__ = NvmlError()
    assert outcome.result(_fail(error))["nvml_status"] == "gpu_is_lost"


def test_options_that_were_not_given_are_left_out():
    assert outcome.given({"a": None, "b": {"c": None, "d": 0}, "e": False}) == {"b": {"d": 0}, "e": False}
