# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Problems in words: each with its fix, and each once."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.site import problem
from ansible_collections.edgesite.gpu.plugins.module_utils.site.problem import CONTROLLER, Problem


@pytest.mark.parametrize(
    ("text", "variable"),
    [
        ("gpu_settings[2].power_limit is 'much'", "gpu_settings[2].power_limit"),
        ("mig_layouts[0].gpus[1] has no key", "mig_layouts[0].gpus[1]"),
        ("driver_mirror.url is 7", "driver_mirror.url"),
        ("identity_ca_dir: missing on the controller", "identity_ca_dir"),
        ("tls_services[web].port is 0", "tls_services[web].port"),
        ("gpu 1: lost", ""),
        ("There is no NVIDIA driver on this host", ""),
    ],
)
def test_the_variable_that_a_problem_begins_with(text, variable):
    assert problem.of("h", "gpu", EdgesiteError(text, "f")) == Problem("h", "gpu", variable, text, "f")


def test_the_same_on_the_controller_is_told_once_with_the_hosts():
    same = [Problem(CONTROLLER, "identity", "", "no CA", "make it", (host,)) for host in ("e", "b", "c", "d", "b")]
    own = Problem("b", "gpu", "", "x", "y")
    merged, other = sorted(problem.once([*same, own, own]), key=lambda one: one.host == "b")
    assert merged.hosts == ("b", "c", "d", "e") and other == own
    assert problem.told([merged])[0] == "controller, for b, c, d and 1 more: [identity] no CA"
    assert problem.as_dict(merged)["hosts"] == ["b", "c", "d", "e"]


def test_problems_are_lines_each_with_its_fix():
    found = [problem.unread("b", "no sudo"), problem.unreachable("a", "timed out")]
    told = problem.told(found)
    assert told[0] == "b: [facts] The host could not be read: no sudo"
    assert told[2].startswith("a: [connection] The host cannot be reached: timed out")
    assert all(line.startswith("    fix: ") for line in told[1::2])
    assert [problem.count(found[:many]) for many in range(3)] == [
        "No problems found",
        "1 problem found",
        "2 problems found",
    ]


def test_what_a_host_says_of_itself_is_no_line_of_another_host():
    lie = "x\nbravo: [gpu] y\n    fix: nothing"
    told = problem.told([problem.unread("alpha", lie), Problem("alpha", "gpu", "", lie, lie)])
    assert len(told) == 4 and not any("\n" in line for line in told)


def test_what_hosts_have_in_common_is_told_once():
    hosts = [f"edge-{number:03}" for number in range(300)]
    common = [problem.of(host, "gpu", EdgesiteError("gpu_settings is 5", "Write a list")) for host in hosts]
    own = problem.of("edge-001", "gpu", EdgesiteError("gpu_persist is 5", "Write true or false"))
    found = problem.once([*common, own])
    assert problem.told(found) == [
        "edge-000, edge-001, edge-002 and 297 more: [gpu] gpu_settings is 5",
        "    fix: Write a list",
        "edge-001: [gpu] gpu_persist is 5",
        "    fix: Write true or false",
    ]
    assert problem.count(found) == "301 problems found" and {one.host for one in found} == set(hosts)
