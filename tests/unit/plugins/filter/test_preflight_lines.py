# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What preflight tells of variables that cannot become a part of a line."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.filter.site import preflight_problems

FACTS = {"gpus": [], "unread": [], "accelerators": [], "driver": {"nvml_status": "ok"}}
ORIN = {
    **FACTS,
    "jetson": {"l4t": {"major": 36, "minor": 4, "version": "36.4.7"}, "jetpack": "6.2.1", "soc": "tegra234"},
}


def problems(facts=None, **variables):
    facts = facts or FACTS
    return [
        (layer, problem)
        for _host, layer, problem, _fix in preflight_problems(
            {"gpu-a": {"facts_result": facts, **variables}}, ["gpu-a"]
        )
    ]


@pytest.mark.parametrize(
    ("facts", "variables", "layer", "words"),
    [
        (FACTS, {"mig_quiesce": ["a\n[Service]\nExecStartPre=/bin/true"]}, "mig", "mig_quiesce[0] is 'a\\n[Service]"),
        (
            FACTS,
            {"driver_branch": 550, "driver_mirror": {"url": "http://hub\nTrusted: yes\nX:"}},
            "driver",
            "driver_mirror.url is 'http://hub\\nTrusted: yes\\nX:'",
        ),
        (FACTS, {"driver_branch": 550, "driver_extra_packages": ["-y"]}, "driver", "driver_extra_packages[0] is '-y'"),
        (ORIN, {"jetpack_mirror": "http://hub/jetson\n"}, "jetpack", "jetpack_mirror is 'http://hub/jetson\\n'"),
        (ORIN, {"jetpack_packages": ["--purge"]}, "jetpack", "jetpack_packages[0] is '--purge'"),
    ],
)
def test_a_value_that_no_line_can_have_is_told_before_the_run(facts, variables, layer, words):
    ((told, problem),) = problems(facts, **variables)
    assert told == layer and problem.startswith(words)


def test_values_that_lines_can_have_are_no_problem():
    good = {"mig_quiesce": ["dcgm.service"], "driver_mirror": {"url": "http://hub/debian"}, "driver_branch": 550}
    assert problems(**good) == []
    assert problems(ORIN, jetpack_mirror="http://hub/jetson", jetpack_packages=["nvidia-jetpack"]) == []
